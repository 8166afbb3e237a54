#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "model/phase.h"

namespace tabtrain {

class Model;

/// The arguments of Keras's `fit` that the engine needs.
struct FitOptions {
  explicit FitOptions(const Json& json);

  int64_t batchSize = 32;
  int64_t epochs = 1;
  int64_t initialEpoch = 0;
  bool shuffle = true;
  std::optional<int64_t> stepsPerEpoch;
  double validationSplit = 0.0;
  std::optional<int64_t> validationBatchSize;
  std::optional<int64_t> validationSteps;
  /// Every so many epochs, or after the epochs (counted from 1) that are listed.
  std::variant<int64_t, std::vector<int64_t>> validationFrequency = int64_t{1};
  Json classWeight = nullptr;
  /// Whether batches are fed one by one, instead of rows of tensors that are there from the start.
  bool fed = false;
  bool validationFed = false;
  /// Where an earlier run was, as its `place` said; null for a run that begins.
  Json resume = nullptr;
};

/// What one `next()` of a run of `fit` does.
enum class FitStep {
  EpochBegin,
  TrainBatch,
  ValidationBegin,
  ValidationBatch,
  ValidationEnd,
  EpochEnd,
  TrainEnd,
};

/// Where a run is, in whole numbers.
struct FitPlace {
  int64_t next = static_cast<int64_t>(FitStep::EpochBegin);
  int64_t initialEpoch = 0;
  int64_t epoch = -1;       // the last one begun
  int64_t batch = 0;        // batches done in this epoch
  int64_t pass = 0;         // passes over the data begun
  int64_t batchOfPass = 0;  // batches done in this pass
  int64_t steps = 0;        // batches of an epoch; 0 as long as they are not known
  int64_t validationSteps = 0;
  int64_t insufficientData = 0;
  int64_t stopped = 0;    // whether `stop` was called
  int64_t dataEnded = 0;  // whether the data ended before `steps`
  // The model's counters.
  int64_t seed = 0;
  int64_t shuffles = 0;
  int64_t traced = 0;  // a bit for each function
};

/// Keras's training loop (keras/engine/training.py, data_adapter.py), one unit of work at a time,
/// so that others may use the engine in between. Which samples a step sees, in which order, and its
/// random numbers depend only on the model's state, the options and what is fed.
class FitRun {
 public:
  /// Checks everything and plans the memory; only then the model may change. `train` is the first
  /// batch where batches are fed, `validation` is null where those of validation are. Throws
  /// ShapeMismatch, InvalidArgument, OutOfMemory.
  FitRun(std::shared_ptr<Model> model, const FitOptions& options, const StepData& train,
         const std::optional<StepData>& validation);

  /// Gives the next batch to whom it belongs, validation while `peek` says so. A larger one than
  /// any before is planned anew. Throws as the constructor does; the sentence names the batch.
  void feed(const StepData& batch);
  /// Lets go of the batch that the run was made with, which is not the one that comes next.
  void drop() { train_.drop(); }

  /// The kind of the next unit of work.
  FitStep peek() const { return static_cast<FitStep>(at_.next); }
  /// Does one unit of work and returns its kind: what `peek` said, or, where the data ran out
  /// before `stepsPerEpoch` or no batch was fed, what ends the epoch.
  FitStep next();
  /// Keras's `stop_training`: the epoch ends after the batches done, validation included.
  void stop();

  /// The last epoch begun, from 0.
  int64_t epoch() const { return at_.epoch; }
  /// From 0: the last batch done in this epoch.
  int64_t batch() const { return at_.batch - 1; }
  int64_t validationBatch() const { return validationBatch_ - 1; }
  int64_t batchSize() const { return options_.batchSize; }
  /// 0 as long as it is not known, which is in the first epoch of batches that are fed.
  int64_t steps() const { return at_.steps; }
  int64_t validationSteps() const { return at_.validationSteps; }
  std::vector<double> logs() const;
  std::vector<double> validationLogs() const;
  /// The batches that were asked for where there was less data, as Keras counts them; else 0.
  int64_t insufficientData() const { return at_.insufficientData; }
  /// The bytes that a step needs besides the model's own variables.
  size_t plannedBytes() const;

  /// Where the run is, with the model's seed and counters. With the bytes of `variables` it is all
  /// that the run's future depends on, besides options and data; a run with this as
  /// `FitOptions::resume` goes on once these bytes are in its own. Not while validation is under
  /// way.
  Json place() const;
  /// Weights, the optimizer's state, running logs and the count of steps, by unique paths.
  std::vector<Variable*> variables() const;

 private:
  void resumeAt(const Json& place);
  void goTo(FitStep next) { at_.next = static_cast<int64_t>(next); }
  bool validatesAfter(int64_t epoch) const;
  bool hasTrainBatch() const;
  void runTrainBatch();
  bool hasValidationBatch() const;
  void noteMissing(int64_t epochs, int64_t steps);
  void endBatches();
  void endEpoch();

  std::shared_ptr<Model> model_;
  std::shared_ptr<const Compiled> compiled_;
  FitOptions options_;
  Phase train_;
  std::optional<Phase> validation_;
  FitPlace at_;
  int64_t validationBatch_ = 0;
};

}  // namespace tabtrain
