#include "metrics/metric.h"

#include "base/error.h"

namespace tabtrain {

Metric::Metric(ConfigReader& reader, const char* defaultName, bool isNumbered)
    : className_(reader.className()),
      name_(reader.string("name", defaultName)),
      isNumbered_(isNumbered && reader.any("name").is_null()) {
  reader.unsupported("dtype", "float32");
}

Json Metric::toJson() const {
  const Json base = {{"name", name_}, {"dtype", "float32"}};
  const Json own = ownConfig();
  ClassConfig result{className_, ownConfigIsFirst() ? own : base};
  result.config.update(ownConfigIsFirst() ? base : own);
  result.config.update(newerConfig());
  return result.toJson();
}

Variable& Metric::addState(const std::string& path, const std::string& name,
                           const std::vector<int64_t>& sizes) {
  state_.push_back(std::make_unique<Variable>(name, path + "/" + name, DType::Float32, sizes,
                                              /*trainable=*/false));
  return *state_.back();
}

Variable& Metric::addConstant(const std::string& path, const std::string& name,
                              const std::vector<int64_t>& sizes, Variable::Fill fill) {
  constants_.push_back(std::make_unique<Variable>(name, path + "/" + name, DType::Float32, sizes,
                                                  /*trainable=*/false, std::move(fill)));
  return *constants_.back();
}

int64_t Metric::outputs() const {
  require(
      predictionShape_.rank() == 2,
      [&] {
        return className_ + ": expected predictions of shape (samples, outputs), got " +
               predictionShape_.toString();
      },
      ErrorCode::ShapeMismatch);
  return predictionShape_.back().size;
}

void Metric::requireOneOutput(const char* argument) const {
  const int64_t count = outputs();
  require(
      count == 1,
      [&] {
        return className_ + ": " + argument + ": expected an average over the " +
               std::to_string(count) + " outputs, since logs hold one number, got null";
      },
      ErrorCode::Unsupported);
}

Expr spreadWeights(Expr weights, const Shape& shape) {
  std::vector<Dim> dims(shape.rank());
  dims[0] = weights.shape()[0];
  return broadcastTo(reshape(weights, Shape(std::move(dims))), shape);
}

void accumulate(Variable& variable, Expr value) {
  value.graph->assign(variable, value.graph->read(variable) + value);
}

void MeanMetric::createState(const std::string& path) {
  total_ = &addState(path, "total", {});
  count_ = &addState(path, "count", {});
}

void MeanMetric::update(Expr yTrue, Expr yPred, Expr weights) const {
  Expr values = perSample(yTrue, yPred);
  Expr factor = mask(yTrue, yPred);
  if (weights) {
    const Expr spread = spreadWeights(weights, values.shape());
    factor = factor ? factor * spread : spread;
  }
  Expr count;
  if (factor) {
    values = values * factor;
    count = sumAll(factor);
  } else {
    const Dim elements = values.shape().elements();
    count = yPred.graph->batchSize() * static_cast<float>(elements.size);
  }
  accumulate(*total_, sumAll(values));
  accumulate(*count_, count);
}

Expr MeanMetric::result(Graph& graph) const {
  return divideNoNan(graph.read(*total_), graph.read(*count_));
}

}  // namespace tabtrain
