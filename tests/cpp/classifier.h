#pragma once

#include <memory>
#include <vector>

#include "base/json.h"
#include "graph/executable.h"
#include "layers/layer.h"
#include "losses/loss.h"
#include "metrics/metric.h"
#include "optimizers/optimizer.h"

namespace tabtrain::testing {

/// A stack of layers with sparse categorical cross-entropy from logits, accuracy and an optimizer,
/// traced into a step: what a model does, without its loop.
class Classifier {
 public:
  /// `layers` and `optimizer` are configs. Plans for batches of up to `maxBatch` rows.
  Classifier(const Json& layers, const Json& optimizer, int64_t maxBatch);

  struct Result {
    float loss;
    float accuracy;
  };
  /// One step over `rows` samples: updates the weights and counts the step.
  Result train(const float* x, const int32_t* y, int64_t rows);
  Result evaluate(const float* x, const int32_t* y, int64_t rows);
  /// The output [rows, classes], in training mode or not, without an update.
  std::vector<float> predict(const float* x, int64_t rows, bool training);

  /// Keras's `model.weights`.
  std::vector<Variable*> weights() const;
  const Optimizer& optimizer() const { return *optimizer_; }
  const Executable& trainingStep() const { return *train_; }

 private:
  Expr forward(Graph& graph, bool training, std::vector<Expr>* losses = nullptr);
  std::unique_ptr<Executable> compileStep(bool training);
  Result run(Executable& step, const float* x, const int32_t* y, int64_t rows);

  int64_t maxBatch_;
  Shape inputShape_;
  int64_t sampleSize_ = 0;
  int64_t classes_ = 0;
  Variable step_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<Loss> loss_;
  std::unique_ptr<Metric> accuracy_;
  std::unique_ptr<Executable> train_;
  std::unique_ptr<Executable> evaluate_;
  std::unique_ptr<Executable> predict_[2];  // by training
};

}  // namespace tabtrain::testing
