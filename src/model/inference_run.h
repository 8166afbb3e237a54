#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "model/batches.h"
#include "model/programs.h"

namespace tabtrain {

class Model;

/// The arguments that `evaluate` and `predict` share.
struct InferenceOptions {
  /// `what` names the call in errors.
  InferenceOptions(const Json& json, const char* what);

  int64_t batchSize = 32;
  std::optional<int64_t> steps;
};

/// One `evaluate`: loss and metrics over data, batch by batch.
class EvaluateRun {
 public:
  /// Throws ShapeMismatch, InvalidArgument, OutOfMemory.
  EvaluateRun(std::shared_ptr<Model> model, const InferenceOptions& options, const StepData& data);

  /// Does one batch; false when all are done or no data is left.
  bool next();
  int64_t batch() const { return batch_ - 1; }
  int64_t steps() const { return steps_; }
  std::vector<double> logs() const { return logs_.read(); }

 private:
  std::shared_ptr<Model> model_;
  std::shared_ptr<const Compiled> compiled_;
  Batches batches_;
  RunningLogs logs_;
  std::unique_ptr<Executable> program_;
  int64_t steps_;
  int64_t batch_ = 0;
};

/// One `predict`: `[rows, ...]` of float32 for the rows of x.
class PredictRun {
 public:
  /// Throws ShapeMismatch, OutOfMemory.
  PredictRun(std::shared_ptr<Model> model, const InferenceOptions& options, const TensorPtr& x);

  /// Does one batch; false when all are done.
  bool next();
  int64_t batch() const { return batch_ - 1; }
  int64_t steps() const { return steps_; }
  /// The predictions of the batches done.
  std::span<const std::byte> output() const;
  std::vector<int64_t> outputShape() const;

 private:
  std::shared_ptr<Model> model_;
  Batches batches_;
  std::unique_ptr<Executable> program_;
  int64_t steps_;
  int64_t batch_ = 0;
  int64_t rowsDone_ = 0;
  std::vector<int64_t> rowSizes_;
  Tensor output_;
};

}  // namespace tabtrain
