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
  reader.finish();
}

FitRun::FitRun(std::shared_ptr<Model> model, const FitOptions& options, const StepData& train,
               const std::optional<StepData>& validation)
    : model_(std::move(model)),
      compiled_(model_->compiled()),
      options_(options),
      epoch_(options.initialEpoch - 1) {
  const Sequential& network = model_->network();
  checkInput(network, *train.x, "model.fit");
  checkTargets(network, *compiled_, train, "model.fit");
  StepData data = train;
  data.weights = rowWeights(train.weights, options_.classWeight, *train.y);
  StepData validated = data;
  const int64_t rows = train.x->rows();
  int64_t split = rows;
  if (validation) {
    validated = *validation;
    checkInput(network, *validated.x, "model.fit: validationData");
    checkTargets(network, *compiled_, validated, "model.fit: validationData");
    validated.weights = rowWeights(validated.weights, nullptr, *validated.y);
  } else if (options_.validationSplit > 0.0) {
    split = static_cast<int64_t>(
        std::floor(static_cast<double>(rows) * (1.0 - options_.validationSplit)));
    require(split > 0 && split < rows, [&] {
      return "model.fit: validationSplit: expected a share that leaves samples on both sides, "
             "got " +
             Json(options_.validationSplit).dump() + " of " + std::to_string(rows) + " samples";
    });
    validated.weights = rowWeights(train.weights, nullptr, *train.y);
  }

  const bool validates = validation || split < rows;
  if (validates) {
    validation_ = makePhase(validated, validation ? 0 : split, validated.x->rows(),
                            options_.validationBatchSize.value_or(options_.batchSize), "test");
    validation_->program = traceTestStep(*model_, *compiled_, validated, validation_->logs,
                                         validation_->batches.largest());
    validationSteps_ = options_.validationSteps.value_or(validation_->batches.count());
  }
  train_ = makePhase(data, 0, split, options_.batchSize, "train");
  steps_ = options_.stepsPerEpoch.value_or(train_->batches.count());
  if (options_.initialEpoch >= options_.epochs) {
    next_ = FitStep::TrainEnd;
    return;
  }
  Optimizer& optimizer = compiled_->optimizer();
  const bool wasBuilt = optimizer.isBuilt();
  try {
    train_->program =
        traceTrainStep(*model_, *compiled_, data, train_->logs, train_->batches.largest());
  } catch (...) {
    if (!wasBuilt) optimizer.unbuild();
    throw;
  }
  model_->noteTraced(Model::Traced::Fit);
}

FitRun::Phase FitRun::makePhase(const StepData& data, int64_t begin, int64_t end, int64_t batchSize,
                                const char* path) const {
  return {Batches(data.list(), begin, end, batchSize),
          RunningLogs(*compiled_, Shape::batched(data.y->rowSizes()),
                      model_->network().outputShape(), path)};
}

FitStep FitRun::next() {
  const FitStep step = next_;
  switch (step) {
    case FitStep::EpochBegin:
      ++epoch_;
      batch_ = 0;
      train_->logs.reset();
      next_ = FitStep::TrainBatch;
      break;
    case FitStep::TrainBatch:
      if (!hasTrainBatch()) {
        insufficientData_ = trainDataEnded_ = true;
        endBatches();
        return next();
      }
      runTrainBatch();
      if (batch_ == steps_) endBatches();
      break;
    case FitStep::ValidationBegin:
      validationBatch_ = 0;
      validation_->logs.reset();
      model_->noteTraced(Model::Traced::Evaluate);
      next_ = FitStep::ValidationBatch;
      break;
    case FitStep::ValidationBatch:
      if (validationBatch_ == validation_->batches.count()) {
        insufficientData_ = true;
        next_ = FitStep::ValidationEnd;
        return next();
      }
      runValidationBatch();
      if (validationBatch_ == validationSteps_) next_ = FitStep::ValidationEnd;
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
  // Keras feeds an epoch of `stepsPerEpoch` from where the last one stopped, in as many passes
  // over the data as there are epochs to go.
  const int64_t passes = options_.epochs - options_.initialEpoch;
  return batchOfPass_ < train_->batches.count() || pass_ < passes;
}

void FitRun::runTrainBatch() {
  const bool ownPass = steps_ == train_->batches.count();
  const bool passDone = batchOfPass_ == train_->batches.count();
  if (pass_ == 0 || passDone || (ownPass && batch_ == 0)) {
    if (options_.shuffle) train_->batches.shuffle(model_->nextShuffle());
    ++pass_;
    batchOfPass_ = 0;
  }
  const int64_t rows = train_->batches.load(batchOfPass_, *train_->program);
  train_->program->run(rows);
  ++batchOfPass_;
  ++batch_;
}

void FitRun::runValidationBatch() {
  const int64_t rows = validation_->batches.load(validationBatch_, *validation_->program);
  validation_->program->run(rows);
  ++validationBatch_;
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
  // An epoch that would begin without data is not begun.
  const bool hasMore = !trainDataEnded_ && epoch_ + 1 < options_.epochs && !stopped_;
  if (hasMore && !hasTrainBatch()) insufficientData_ = true;
  next_ = hasMore && hasTrainBatch() ? FitStep::EpochBegin : FitStep::TrainEnd;
}

std::vector<double> FitRun::logs() const { return train_->logs.read(); }

std::vector<double> FitRun::validationLogs() const {
  return validation_ ? validation_->logs.read() : std::vector<double>{};
}

size_t FitRun::plannedBytes() const {
  size_t bytes = 0;
  for (const auto* phase : {&train_, &validation_}) {
    if (*phase && (*phase)->program) bytes += (*phase)->program->plannedBytes();
  }
  return bytes;
}

}  // namespace tabtrain
