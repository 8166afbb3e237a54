#include "model/fit_run.h"

#include <algorithm>
#include <cmath>

#include "model/model.h"
#include "model/targets.h"

namespace tabtrain {
namespace {

std::optional<int64_t> optionalCount(ConfigReader& reader, const char* key) {
  if (reader.any(key).is_null()) return std::nullopt;
  return reader.integer(key, std::nullopt, 1);
}

}  // namespace

FitOptions::FitOptions(const Json& json) {
  ConfigReader reader("fit", json);
  batchSize = reader.integer("batch_size", 32, 1);
  epochs = reader.integer("epochs", 1, 1);
  initialEpoch = reader.integer("initial_epoch", 0, 0);
  shuffle = reader.boolean("shuffle", true);
  stepsPerEpoch = optionalCount(reader, "steps_per_epoch");
  validationSplit = reader.number("validation_split", 0.0, 0.0, 1.0);
  validationBatchSize = optionalCount(reader, "validation_batch_size");
  validationSteps = optionalCount(reader, "validation_steps");
  const Json& frequency = reader.any("validation_freq");
  if (frequency.is_array()) {
    std::vector<int64_t> list;
    for (const Json& each : frequency) {
      if (!each.is_number_integer()) reader.fail("validation_freq", "a list of integers");
      list.push_back(each.get<int64_t>());
    }
    validationFrequency = std::move(list);
  } else {
    validationFrequency = reader.integer("validation_freq", 1, 1);
  }
  classWeight = reader.any("class_weight");
  if (!classWeight.is_null() && !classWeight.is_object()) {
    reader.fail("class_weight", "a record from class numbers to weights");
  }
  fed = reader.boolean("fed", false);
  validationFed = reader.boolean("validation_fed", false);
  resume = reader.any("resume");
  reader.finish();
}

FitRun::FitRun(std::shared_ptr<Model> model, const FitOptions& options, const StepData& train,
               const std::optional<StepData>& validation)
    : model_(std::move(model)),
      compiled_(model_->compiled()),
      options_(options),
      train_(Phase::Kind::Train, *model_, compiled_, "train") {
  at_.initialEpoch = options.initialEpoch;
  at_.epoch = options.initialEpoch - 1;
  const StepData data = checkedData(*model_, *compiled_, train, options_.classWeight,
                                    options_.fed ? "model.fit: batch 0" : "model.fit");
  const int64_t rows = train.x->rows();
  StepData validated = data;
  int64_t split = rows;
  if (validation) {
    validated = checkedData(*model_, *compiled_, *validation, nullptr, "model.fit: validationData");
  } else if (options_.validationSplit > 0.0) {
    split = static_cast<int64_t>(
        std::floor(static_cast<double>(rows) * (1.0 - options_.validationSplit)));
    require(split > 0 && split < rows, [&] {
      return "model.fit: validationSplit: expected a share that leaves samples on both sides, "
             "got " +
             Json(options_.validationSplit).dump() + " of " + std::to_string(rows) + " samples";
    });
    validated.weights = rowWeights(train.weights, nullptr, *train.y, "model.fit");
  }

  const bool validates = validation || split < rows;
  if (validates || options_.validationFed) {
    validation_.emplace(Phase::Kind::Test, *model_, compiled_, "test");
    at_.validationSteps = options_.validationSteps.value_or(0);
  }
  if (validates) {
    validation_->take(validated, validation ? 0 : split, validated.x->rows(),
                      options_.validationBatchSize.value_or(options_.batchSize));
    validation_->plan();
    if (at_.validationSteps == 0) at_.validationSteps = validation_->count();
  }
  if (options_.fed) options_.batchSize = rows;
  train_.take(data, 0, split, options_.batchSize);
  at_.steps = options_.stepsPerEpoch.value_or(options_.fed ? 0 : train_.count());
  if (!options_.resume.is_null()) {
    resumeAt(options_.resume);
    return;
  }
  if (options_.initialEpoch >= options_.epochs) {
    goTo(FitStep::TrainEnd);
    return;
  }
  train_.plan();
  model_->noteTraced(Model::Traced::Fit);
}

void FitRun::feed(const StepData& batch) {
  const bool validates = peek() == FitStep::ValidationBatch;
  const std::string what = std::string("model.fit: ") + (validates ? "validationData: " : "") +
                           "batch " + std::to_string(validates ? validationBatch_ : at_.batch);
  const Json& classWeight = validates ? Json() : options_.classWeight;
  (validates ? *validation_ : train_)
      .feed(checkedData(*model_, *compiled_, batch, classWeight, what), what);
}

FitStep FitRun::next() {
  const FitStep step = peek();
  switch (step) {
    case FitStep::EpochBegin:
      ++at_.epoch;
      at_.batch = 0;
      train_.logs()->reset();
      goTo(FitStep::TrainBatch);
      break;
    case FitStep::TrainBatch:
      if (!hasTrainBatch()) {
        if (at_.steps == 0) {
          at_.steps = at_.batch;
        } else {
          noteMissing(options_.epochs - at_.initialEpoch, at_.steps);
          at_.dataEnded = 1;
        }
        endBatches();
        return next();
      }
      runTrainBatch();
      if (at_.batch == at_.steps) endBatches();
      break;
    case FitStep::ValidationBegin:
      validationBatch_ = 0;
      if (validation_->logs()) validation_->logs()->reset();
      model_->noteTraced(Model::Traced::Evaluate);
      goTo(FitStep::ValidationBatch);
      break;
    case FitStep::ValidationBatch:
      if (!hasValidationBatch()) {
        require(validationBatch_ > 0,
                [] { return std::string("model.fit: validationData: the dataset gave no batch"); });
        if (at_.validationSteps == 0) {
          at_.validationSteps = validationBatch_;
        } else {
          noteMissing(1, at_.validationSteps);
        }
        goTo(FitStep::ValidationEnd);
        return next();
      }
      if (options_.validationFed) {
        validation_->runFed();
      } else {
        validation_->run(validationBatch_);
      }
      if (++validationBatch_ == at_.validationSteps) goTo(FitStep::ValidationEnd);
      break;
    case FitStep::ValidationEnd:
      goTo(FitStep::EpochEnd);
      break;
    case FitStep::EpochEnd:
      endEpoch();
      break;
    case FitStep::TrainEnd:
      compiled_->optimizer().finalize(model_->trainedWeights());
      break;
  }
  return step;
}

void FitRun::stop() {
  at_.stopped = 1;
  if (peek() == FitStep::TrainBatch && at_.batch > 0) endBatches();
  if (peek() == FitStep::EpochBegin) goTo(FitStep::TrainEnd);
}

bool FitRun::hasTrainBatch() const {
  if (options_.fed) return train_.count() > 0;
  // Keras feeds an epoch of `stepsPerEpoch` from where the last one stopped, in as many passes
  // over the data as there are epochs to go.
  const int64_t passes = options_.epochs - at_.initialEpoch;
  return at_.batchOfPass < train_.count() || at_.pass < passes;
}

void FitRun::runTrainBatch() {
  if (options_.fed) {
    train_.runFed();
    ++at_.batch;
    return;
  }
  const bool ownPass = at_.steps == train_.count();
  const bool passDone = at_.batchOfPass == train_.count();
  if (at_.pass == 0 || passDone || (ownPass && at_.batch == 0)) {
    if (options_.shuffle) train_.shuffle(model_->nextShuffle());
    ++at_.pass;
    at_.batchOfPass = 0;
  }
  train_.run(at_.batchOfPass);
  ++at_.batchOfPass;
  ++at_.batch;
}

bool FitRun::hasValidationBatch() const {
  return validation_->count() > (options_.validationFed ? 0 : validationBatch_);
}

void FitRun::noteMissing(int64_t epochs, int64_t steps) {
  if (at_.insufficientData == 0) at_.insufficientData = multiplyCounts(epochs, steps);
}

bool FitRun::validatesAfter(int64_t epoch) const {
  if (!validation_) return false;
  if (const auto* every = std::get_if<int64_t>(&options_.validationFrequency)) {
    return (epoch + 1) % *every == 0;
  }
  const auto& list = std::get<std::vector<int64_t>>(options_.validationFrequency);
  return std::find(list.begin(), list.end(), epoch + 1) != list.end();
}

void FitRun::endBatches() {
  goTo(validatesAfter(at_.epoch) ? FitStep::ValidationBegin : FitStep::EpochEnd);
}

void FitRun::endEpoch() {
  // An epoch of rows that would begin without data is not begun.
  const bool hasMore = at_.dataEnded == 0 && at_.epoch + 1 < options_.epochs && at_.stopped == 0;
  const bool hasData = options_.fed || hasTrainBatch();
  if (hasMore && !hasData) noteMissing(options_.epochs - at_.initialEpoch, at_.steps);
  goTo(hasMore && hasData ? FitStep::EpochBegin : FitStep::TrainEnd);
}

std::vector<double> FitRun::logs() const { return train_.logs()->read(); }

std::vector<double> FitRun::validationLogs() const {
  return validation_ && validation_->logs() ? validation_->logs()->read() : std::vector<double>{};
}

size_t FitRun::plannedBytes() const {
  size_t bytes = train_.program() ? train_.program()->plannedBytes() : 0;
  if (validation_ && validation_->program()) bytes += validation_->program()->plannedBytes();
  return bytes;
}

}  // namespace tabtrain
