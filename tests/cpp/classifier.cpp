#include "classifier.h"

#include <cstring>

#include "graph/autodiff.h"

namespace tabtrain::testing {

Classifier::Classifier(const Json& layers, const Json& optimizer, int64_t maxBatch)
    : maxBatch_(maxBatch), step_("step", "step", DType::Int64, {}, false) {
  Shape shape;
  for (const Json& json : layers) {
    auto layer = makeLayer(parseClassConfig(json, "layer"));
    if (layers_.empty()) shape = inputShape_ = Shape::batched(layer->inputSizes().value());
    layer->buildAt("layers/" + std::to_string(layers_.size()), shape, /*seed=*/1);
    Graph scratch;
    const Expr x = scratch.input("x", {DType::Float32, shape});
    shape = layer->call({scratch, /*training=*/false, step_, /*seed=*/1}, x).shape();
    layers_.push_back(std::move(layer));
  }
  sampleSize_ = inputShape_.product(1, inputShape_.rank()).size;
  classes_ = shape.back().size;
  optimizer_ = makeOptimizer(optimizer);
  loss_ = makeLoss(
      {{"class_name", "SparseCategoricalCrossentropy"}, {"config", {{"from_logits", true}}}});
  accuracy_ = makeMetric("sparse_categorical_accuracy", Shape::batched({}), shape);
  accuracy_->createState("metrics/0");
  train_ = compileStep(/*training=*/true);
  evaluate_ = compileStep(/*training=*/false);
  for (const bool training : {false, true}) {
    auto graph = std::make_shared<Graph>();
    const Expr output = forward(*graph, training);
    predict_[training ? 1 : 0] =
        std::make_unique<Executable>(graph, std::vector<Expr>{output}, maxBatch_);
  }
}

Expr Classifier::forward(Graph& graph, bool training, std::vector<Expr>* losses) {
  Expr x = graph.input("x", {DType::Float32, inputShape_});
  const CallContext context{graph, training, step_, /*seed=*/1, losses};
  for (const auto& layer : layers_) x = layer->call(context, x);
  return x;
}

std::unique_ptr<Executable> Classifier::compileStep(bool training) {
  auto graph = std::make_shared<Graph>();
  std::vector<Expr> penalties;
  const Expr output = forward(*graph, training, &penalties);
  for (const auto& layer : layers_) layer->addWeightLosses(*graph, penalties);
  const Expr y = graph->input("y", {DType::Int32, Shape::batched({})});
  Expr loss = loss_->value(y, output, {});
  for (const Expr& penalty : penalties) loss = loss + penalty;
  accuracy_->update(y, output, {});
  if (training) {
    std::vector<Variable*> trainable;
    std::vector<Expr> reads;
    for (Variable* weight : weights()) {
      if (!weight->trainable()) continue;
      trainable.push_back(weight);
      reads.push_back(graph->read(*weight));
    }
    optimizer_->build(trainable);
    const auto constrain = [this](const Variable& weight, Expr value) {
      for (const auto& layer : layers_) value = layer->constrain(weight, value);
      return value;
    };
    optimizer_->apply(*graph, trainable, gradients(loss, reads), constrain);
    graph->increment(step_, 1);
  }
  return std::make_unique<Executable>(graph, std::vector<Expr>{loss}, maxBatch_);
}

Classifier::Result Classifier::run(Executable& step, const float* x, const int32_t* y,
                                   int64_t rows) {
  for (const auto& state : accuracy_->state()) *state->floats() = 0.0f;
  std::memcpy(step.input(0), x, static_cast<size_t>(rows * sampleSize_) * sizeof(float));
  std::memcpy(step.input(1), y, static_cast<size_t>(rows) * sizeof(int32_t));
  step.run(rows);
  return {*step.fetch(0), *accuracy_->state()[0]->floats() / *accuracy_->state()[1]->floats()};
}

Classifier::Result Classifier::train(const float* x, const int32_t* y, int64_t rows) {
  return run(*train_, x, y, rows);
}

Classifier::Result Classifier::evaluate(const float* x, const int32_t* y, int64_t rows) {
  return run(*evaluate_, x, y, rows);
}

std::vector<float> Classifier::predict(const float* x, int64_t rows, bool training) {
  Executable& step = *predict_[training ? 1 : 0];
  std::memcpy(step.input(0), x, static_cast<size_t>(rows * sampleSize_) * sizeof(float));
  step.run(rows);
  return {step.fetch(0), step.fetch(0) + rows * classes_};
}

std::vector<Variable*> Classifier::weights() const {
  std::vector<Variable*> all;
  for (const auto& layer : layers_) {
    const auto own = layer->orderedWeights();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

}  // namespace tabtrain::testing
