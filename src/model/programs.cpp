#include "model/programs.h"

#include "graph/autodiff.h"
#include "model/model.h"
#include "model/targets.h"

namespace tabtrain {
namespace {

ValueType batchedType(const Tensor& tensor) {
  return {tensor.dtype(), Shape::batched(tensor.rowSizes())};
}

/// Keras gives and takes a last axis of 1 where that makes the ranks equal
/// (keras/engine/functional.py, `_conform_to_reference_input`).
bool fits(std::vector<int64_t> rowSizes, std::vector<int64_t> expected) {
  std::vector<int64_t>& longer = rowSizes.size() > expected.size() ? rowSizes : expected;
  const bool oneMore =
      rowSizes.size() + 1 == expected.size() || rowSizes.size() == expected.size() + 1;
  if (oneMore && longer.back() == 1) longer.pop_back();
  return rowSizes == expected;
}

Expr inputX(Graph& graph, const Sequential& network, const Tensor& x) {
  const Expr fed = graph.input("x", batchedType(x));
  return reshape(toFloat(fed), Shape::batched(*network.inputSizes()));
}

/// Inputs in the order of `StepData::list`, forward pass, loss, and the update of the logs.
Expr traceLoss(Graph& graph, bool training, Model& model, const Compiled& compiled,
               const StepData& data, RunningLogs& logs) {
  Sequential& network = model.network();
  const Expr x = inputX(graph, network, *data.x);
  const Expr y = graph.input("y", batchedType(*data.y));
  Expr weights;
  if (data.weights) weights = graph.input("sample_weight", batchedType(*data.weights));
  std::vector<Expr> penalties;
  const Expr prediction =
      network.call({graph, training, model.step(), model.seed(), &penalties}, x);
  network.addWeightLosses(graph, penalties);
  Expr loss = compiled.loss().value(y, prediction, weights);
  if (compiled.lossWeight() != 1.0f) loss = loss * compiled.lossWeight();
  for (const Expr& penalty : penalties) loss = loss + penalty;
  logs.update(loss, y, prediction, weights);
  return loss;
}

}  // namespace

std::vector<TensorPtr> StepData::list() const {
  std::vector<TensorPtr> tensors = {x, y};
  if (weights) tensors.push_back(weights);
  return tensors;
}

std::unique_ptr<Executable> traceTrainStep(Model& model, const Compiled& compiled,
                                           const StepData& data, RunningLogs& logs,
                                           int64_t maxBatch) {
  auto graph = std::make_shared<Graph>();
  const Expr loss = traceLoss(*graph, true, model, compiled, data, logs);
  const std::vector<Variable*>& trained = model.trainedWeights();
  std::vector<Expr> reads;
  for (Variable* weight : trained) reads.push_back(graph->read(*weight));
  Optimizer& optimizer = compiled.optimizer();
  const std::vector<Expr> slopes = gradients(loss, reads);
  optimizer.build(trained);
  const auto constrain = [&network = model.network()](const Variable& weight, Expr value) {
    return network.constrain(weight, value);
  };
  optimizer.apply(*graph, trained, slopes, constrain);
  graph->increment(model.step(), 1);
  return std::make_unique<Executable>(std::move(graph), std::vector<Expr>{}, maxBatch);
}

std::unique_ptr<Executable> traceTestStep(Model& model, const Compiled& compiled,
                                          const StepData& data, RunningLogs& logs,
                                          int64_t maxBatch) {
  auto graph = std::make_shared<Graph>();
  traceLoss(*graph, false, model, compiled, data, logs);
  return std::make_unique<Executable>(std::move(graph), std::vector<Expr>{}, maxBatch);
}

std::unique_ptr<Executable> tracePredictStep(Model& model, const Tensor& x, int64_t maxBatch) {
  auto graph = std::make_shared<Graph>();
  Sequential& network = model.network();
  const Expr prediction =
      network.call({*graph, false, model.step(), model.seed()}, inputX(*graph, network, x));
  return std::make_unique<Executable>(std::move(graph), std::vector<Expr>{prediction}, maxBatch);
}

void checkInput(const Sequential& network, const Tensor& x, const std::string& what) {
  const std::vector<int64_t>& expected = *network.inputSizes();
  require(
      fits(x.rowSizes(), expected),
      [&] {
        return what + ": x: expected shape " + Shape::batched(expected).toString() + ", got " +
               sizesToString(x.sizes());
      },
      ErrorCode::ShapeMismatch);
}

void checkTargets(const Sequential& network, const Compiled& compiled, const StepData& data,
                  const std::string& what) {
  require(
      data.y->rows() == data.x->rows(),
      [&] {
        return what + ": y: expected as many samples as x, " + std::to_string(data.x->rows()) +
               ", got " + std::to_string(data.y->rows());
      },
      ErrorCode::ShapeMismatch);
  if (const auto classes = compiled.loss().classes(network.outputShape())) {
    checkClassIndices(*data.y, *classes, compiled.loss().ignoredClass(), what + ": y");
  }
}

}  // namespace tabtrain
