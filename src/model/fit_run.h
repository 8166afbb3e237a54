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

  /// The kind of the next unit of work.
  FitStep peek() const { return next_; }
  /// Does one unit of work and returns its kind: what `peek` said, or, where the data ran out
  /// before `stepsPerEpoch` or no batch was fed, what ends the epoch.
  FitStep next();
  /// Keras's `stop_training`: the epoch ends after the batches done, validation included.
  void stop();

  /// The last epoch begun, from 0.
  int64_t epoch() const { return epoch_; }
  /// From 0: the last batch done in this epoch.
  int64_t batch() const { return batch_ - 1; }
  int64_t validationBatch() const { return validationBatch_ - 1; }
  int64_t batchSize() const { return options_.batchSize; }
  /// 0 as long as it is not known, which is in the first epoch of batches that are fed.
  int64_t steps() const { return steps_; }
  int64_t validationSteps() const { return validationSteps_; }
  std::vector<double> logs() const;
  std::vector<double> validationLogs() const;
  /// The batches that were asked for where there was less data, as Keras counts them; else 0.
  int64_t insufficientData() const { return insufficientData_; }
  /// The bytes that a step needs besides the model's own variables.
  size_t plannedBytes() const;

 private:
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
  int64_t steps_ = 0;
  int64_t validationSteps_ = 0;
  FitStep next_ = FitStep::EpochBegin;
  int64_t epoch_;
  int64_t batch_ = 0;  // batches done in this epoch
  int64_t validationBatch_ = 0;
  int64_t pass_ = 0;         // passes over the data begun
  int64_t batchOfPass_ = 0;  // batches done in this pass
  bool stopped_ = false;
  int64_t insufficientData_ = 0;
  bool trainDataEnded_ = false;
};

}  // namespace tabtrain
