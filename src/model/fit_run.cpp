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
  reader.finish();
}

FitRun::FitRun(std::shared_ptr<Model> model, const FitOptions& options, const StepData& train,
               const std::optional<StepData>& validation)
    : model_(std::move(model)),
      compiled_(model_->compiled()),
      options_(options),
      train_(Phase::Kind::Train, *model_, compiled_, "train"),
      epoch_(options.initialEpoch - 1) {
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
    validationSteps_ = options_.validationSteps.value_or(0);
  }
  if (validates) {
    validation_->take(validated, validation ? 0 : split, validated.x->rows(),
                      options_.validationBatchSize.value_or(options_.batchSize));
    validation_->plan();
    if (validationSteps_ == 0) validationSteps_ = validation_->count();
  }
  if (options_.fed) options_.batchSize = rows;
  train_.take(data, 0, split, options_.batchSize);
  steps_ = options_.stepsPerEpoch.value_or(options_.fed ? 0 : train_.count());
  if (options_.initialEpoch >= options_.epochs) {
    next_ = FitStep::TrainEnd;
    return;
  }
  train_.plan();
  model_->noteTraced(Model::Traced::Fit);
}

void FitRun::feed(const StepData& batch) {
  const bool validates = next_ == FitStep::ValidationBatch;
  const std::string what = std::string("model.fit: ") + (validates ? "validationData: " : "") +
                           "batch " + std::to_string(validates ? validationBatch_ : batch_);
  const Json& classWeight = validates ? Json() : options_.classWeight;
  (validates ? *validation_ : train_)
      .feed(checkedData(*model_, *compiled_, batch, classWeight, what), what);
}

FitStep FitRun::next() {
  const FitStep step = next_;
  switch (step) {
    case FitStep::EpochBegin:
      ++epoch_;
      batch_ = 0;
      train_.logs()->reset();
      next_ = FitStep::TrainBatch;
      break;
    case FitStep::TrainBatch:
      if (!hasTrainBatch()) {
        if (steps_ == 0) {
          steps_ = batch_;
        } else {
          noteMissing(options_.epochs - options_.initialEpoch, steps_);
          trainDataEnded_ = true;
        }
        endBatches();
        return next();
      }
      runTrainBatch();
      if (batch_ == steps_) endBatches();
      break;
    case FitStep::ValidationBegin:
      validationBatch_ = 0;
      if (validation_->logs()) validation_->logs()->reset();
      model_->noteTraced(Model::Traced::Evaluate);
      next_ = FitStep::ValidationBatch;
      break;
    case FitStep::ValidationBatch:
      if (!hasValidationBatch()) {
        require(validationBatch_ > 0,
                [] { return std::string("model.fit: validationData: the dataset gave no batch"); });
        if (validationSteps_ == 0) {
          validationSteps_ = validationBatch_;
        } else {
          noteMissing(1, validationSteps_);
        }
        next_ = FitStep::ValidationEnd;
        return next();
      }
      if (options_.validationFed) {
        validation_->runFed();
      } else {
        validation_->run(validationBatch_);
      }
      if (++validationBatch_ == validationSteps_) next_ = FitStep::ValidationEnd;
      break;
    case FitStep::ValidationEnd:
      next_ = FitStep::EpochEnd;
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
  stopped_ = true;
  if (next_ == FitStep::TrainBatch && batch_ > 0) endBatches();
  if (next_ == FitStep::EpochBegin) next_ = FitStep::TrainEnd;
}

bool FitRun::hasTrainBatch() const {
  if (options_.fed) return train_.count() > 0;
  // Keras feeds an epoch of `stepsPerEpoch` from where the last one stopped, in as many passes
  // over the data as there are epochs to go.
  const int64_t passes = options_.epochs - options_.initialEpoch;
  return batchOfPass_ < train_.count() || pass_ < passes;
}

void FitRun::runTrainBatch() {
  if (options_.fed) {
    train_.runFed();
    ++batch_;
    return;
  }
  const bool ownPass = steps_ == train_.count();
  const bool passDone = batchOfPass_ == train_.count();
  if (pass_ == 0 || passDone || (ownPass && batch_ == 0)) {
    if (options_.shuffle) train_.shuffle(model_->nextShuffle());
    ++pass_;
    batchOfPass_ = 0;
  }
  train_.run(batchOfPass_);
  ++batchOfPass_;
  ++batch_;
}

bool FitRun::hasValidationBatch() const {
  return validation_->count() > (options_.validationFed ? 0 : validationBatch_);
}

void FitRun::noteMissing(int64_t epochs, int64_t steps) {
  if (insufficientData_ == 0) insufficientData_ = epochs * steps;
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
  next_ = validatesAfter(epoch_) ? FitStep::ValidationBegin : FitStep::EpochEnd;
}

void FitRun::endEpoch() {
  // An epoch of rows that would begin without data is not begun.
  const bool hasMore = !trainDataEnded_ && epoch_ + 1 < options_.epochs && !stopped_;
  const bool hasData = options_.fed || hasTrainBatch();
  if (hasMore && !hasData) noteMissing(options_.epochs - options_.initialEpoch, steps_);
  next_ = hasMore && hasData ? FitStep::EpochBegin : FitStep::TrainEnd;
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
