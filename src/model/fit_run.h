#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "model/batches.h"
#include "model/programs.h"

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
/// random numbers depend only on the model's state and the options.
class FitRun {
 public:
  /// Checks everything and plans the memory; only then the model may change. Throws ShapeMismatch,
  /// InvalidArgument, OutOfMemory.
  FitRun(std::shared_ptr<Model> model, const FitOptions& options, const StepData& train,
         const std::optional<StepData>& validation);

  /// The kind of the next unit of work.
  FitStep peek() const { return next_; }
  /// Does one unit of work and returns its kind: what `peek` said, or, where the data ran out
  /// before `stepsPerEpoch`, what ends the epoch.
  FitStep next();
  /// Keras's `stop_training`: the epoch ends after the batches done, validation included.
  void stop();

  /// The last epoch begun, from 0.
  int64_t epoch() const { return epoch_; }
  /// From 0: the last batch done in this epoch.
  int64_t batch() const { return batch_ - 1; }
  int64_t validationBatch() const { return validationBatch_ - 1; }
  int64_t batchSize() const { return options_.batchSize; }
  int64_t steps() const { return steps_; }
  int64_t validationSteps() const { return validationSteps_; }
  std::vector<double> logs() const;
  std::vector<double> validationLogs() const;
  /// Whether there was less data than `stepsPerEpoch` or `validationSteps` asked for.
  bool insufficientData() const { return insufficientData_; }
  /// The bytes that a step needs besides the model's own variables.
  size_t plannedBytes() const;

 private:
  /// One kind of step over its data.
  struct Phase {
    Phase(Batches data, RunningLogs running) : batches(std::move(data)), logs(std::move(running)) {}
    Batches batches;
    RunningLogs logs;
    std::unique_ptr<Executable> program;
  };

  Phase makePhase(const StepData& data, int64_t begin, int64_t end, int64_t batchSize,
                  const char* path) const;
  bool validatesAfter(int64_t epoch) const;
  bool hasTrainBatch() const;
  void runTrainBatch();
  void runValidationBatch();
  void endBatches();
  void endEpoch();

  std::shared_ptr<Model> model_;
  std::shared_ptr<const Compiled> compiled_;
  FitOptions options_;
  std::optional<Phase> train_;
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
  bool insufficientData_ = false;
  bool trainDataEnded_ = false;
};

}  // namespace tabtrain
