#include "metrics/metric.h"

namespace tabtrain {

Metric::Metric(ConfigReader& reader, const char* defaultName)
    : name_(reader.string("name", defaultName)) {
  reader.unsupported("dtype", "float32");
}

Json Metric::toJson() const {
  ClassConfig result{className(), {{"name", name_}, {"dtype", "float32"}}};
  result.config.update(ownConfig());
  return result.toJson();
}

Variable& Metric::addState(const std::string& path, const std::string& name,
                           const std::vector<int64_t>& sizes) {
  state_.push_back(std::make_unique<Variable>(name, path + "/" + name, DType::Float32, sizes,
                                              /*trainable=*/false));
  return *state_.back();
}

void MeanMetric::createState(const std::string& path) {
  total_ = &addState(path, "total", {});
  count_ = &addState(path, "count", {});
}

void MeanMetric::update(Expr yTrue, Expr yPred, Expr weights) const {
  Graph& graph = *yPred.graph;
  Expr values = perSample(yTrue, yPred);
  Expr count;
  if (weights) {
    std::vector<Dim> dims(values.rank());
    dims[0] = weights.shape()[0];
    const Expr spread = broadcastTo(reshape(weights, Shape(std::move(dims))), values.shape());
    values = values * spread;
    count = sumAll(spread);
  } else {
    const Dim elements = values.shape().elements();
    count = graph.batchSize() * static_cast<float>(elements.size);
  }
  graph.assign(*total_, graph.read(*total_) + sumAll(values));
  graph.assign(*count_, graph.read(*count_) + count);
}

Expr MeanMetric::result(Graph& graph) const {
  return divideNoNan(graph.read(*total_), graph.read(*count_));
}

}  // namespace tabtrain
