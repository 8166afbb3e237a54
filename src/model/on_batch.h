#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "model/phase.h"

namespace tabtrain {

/// The arguments of Keras's `train_on_batch`, `test_on_batch` and `predict_on_batch`.
struct OnBatchOptions {
  explicit OnBatchOptions(const Json& json);

  Phase::Kind kind = Phase::Kind::Train;
  bool resetMetrics = true;
  Json classWeight = nullptr;
};

/// Single steps of a model, compiled at the first call of their kind and kept for those that
/// follow. Training and test share their running logs, as in Keras.
class OnBatch {
 public:
  /// Runs one step over all rows; returns whether it had to be compiled. Throws ShapeMismatch,
  /// InvalidArgument, OutOfMemory.
  bool run(Model& model, const OnBatchOptions& options, const StepData& data);

  /// After a step of training or test.
  std::vector<double> logs() const { return logs_->read(); }
  /// After one of prediction.
  std::span<const std::byte> output(const Model& model) const;
  std::vector<int64_t> outputShape(const Model& model) const;

 private:
  std::shared_ptr<RunningLogs> logs_;
  std::optional<Phase> phases_[3];  // by kind
  int64_t rows_ = 0;                // of the last prediction
};

}  // namespace tabtrain
