#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "model/phase.h"

namespace tabtrain {

class Model;

/// The arguments that `evaluate` and `predict` share.
struct InferenceOptions {
  /// `what` names the call in errors.
  InferenceOptions(const Json& json, const char* what);

  int64_t batchSize = 32;
  std::optional<int64_t> steps;
  /// Whether batches are fed one by one, instead of rows of tensors that are there from the start.
  bool fed = false;
};

/// One `evaluate` or `predict`, batch by batch: loss and metrics over data, or the outputs,
/// `[rows, ...]` of float32, for rows of x.
class InferenceRun {
 public:
  /// `data` is the first batch where batches are fed; without targets for `predict`, which needs no
  /// compiled model. Throws ShapeMismatch, InvalidArgument, OutOfMemory.
  InferenceRun(std::shared_ptr<Model> model, Phase::Kind kind, const InferenceOptions& options,
               const StepData& data);

  /// Gives the next batch. A larger one than any before is planned anew. Throws as the constructor
  /// does; the sentence names the batch.
  void feed(const StepData& batch);
  /// Does one batch; false when all are done or no data is left.
  bool next();
  int64_t batch() const { return batch_ - 1; }
  /// 0 where it is not known.
  int64_t steps() const { return steps_; }
  /// All rows of the run; 0 where that is not known.
  int64_t rows() const { return allRows_; }
  std::vector<double> logs() const { return phase_.logs()->read(); }
  /// The predictions of the last batch, valid until the next one.
  std::span<const std::byte> output() const;
  std::vector<int64_t> outputShape() const;

 private:
  StepData checked(const StepData& data, const std::string& what) const;

  std::shared_ptr<Model> model_;
  Phase::Kind kind_;
  std::shared_ptr<const Compiled> compiled_;
  Phase phase_;
  bool fed_;
  int64_t steps_;
  int64_t allRows_ = 0;
  int64_t batch_ = 0;
  int64_t rows_ = 0;  // of the last batch
};

/// The bytes and the shape of the first `rows` predictions of a step.
std::span<const std::byte> outputBytes(const Model& model, const Executable& program, int64_t rows);
std::vector<int64_t> outputSizes(const Model& model, int64_t rows);

}  // namespace tabtrain
