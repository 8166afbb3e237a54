#include "model/running_logs.h"

#include <cstring>

namespace tabtrain {
namespace {

std::unique_ptr<Variable> counter(const std::string& name, const std::string& path) {
  return std::make_unique<Variable>(name, path + "/loss/" + name, DType::Float32,
                                    std::vector<int64_t>{}, false);
}

}  // namespace

RunningLogs::RunningLogs(const Compiled& compiled, const Shape& target, const Shape& prediction,
                         const std::string& path)
    : lossIsVector_(compiled.loss().isVector()),
      target_(target),
      lossTotal_(counter("total", path)),
      rows_(counter("count", path)),
      variables_{lossTotal_.get(), rows_.get()} {
  auto graph = std::make_shared<Graph>();
  std::vector<Expr> results = {divideNoNan(graph->read(*lossTotal_), graph->read(*rows_))};
  for (const auto& choice : compiled.metrics()) {
    auto metric = makeMetric(choice.json, target, prediction);
    metric->createState(path + "/metrics/" + std::to_string(metrics_.size()));
    results.push_back(metric->result(*graph));
    for (const auto& each : metric->state()) variables_.push_back(each.get());
    metrics_.push_back({std::move(metric), choice.isWeighted});
  }
  reader_ = std::make_unique<Executable>(std::move(graph), results, /*maxBatch=*/1);
}

void RunningLogs::update(Expr loss, Expr yTrue, Expr yPred, Expr weights) {
  Graph& graph = *loss.graph;
  Expr rows = graph.batchSize();
  if (lossIsVector_) rows = rows * rows;
  accumulate(*lossTotal_, loss * rows);
  accumulate(*rows_, rows);
  for (const WeightedMetric& each : metrics_) {
    each.metric->update(yTrue, yPred, each.isWeighted ? weights : Expr{});
  }
}

void RunningLogs::reset() {
  for (const Variable* each : variables_) std::memset(each->data(), 0, each->bytes().size());
}

std::vector<double> RunningLogs::read() const {
  reader_->run(1);
  std::vector<double> values;
  for (size_t i = 0; i <= metrics_.size(); ++i) {
    values.push_back(static_cast<double>(*reader_->fetch(i)));
  }
  return values;
}

}  // namespace tabtrain
