#include "graph/graph_json.h"
#include "model/model.h"

namespace tabtrain {
namespace {

Json shapeJson(const Shape& shape) {
  Json json = Json::array();
  for (const Dim& dim : shape.dims()) json.push_back(dim.perBatch ? Json() : Json(dim.size));
  return json;
}

Json spec(const std::string& name, const Shape& shape) {
  return {{"name", name}, {"shape", shapeJson(shape)}, {"dtype", "float32"}};
}

Json layersJson(const Layer& parent) {
  Json list = Json::array();
  for (const auto& layer : parent.sublayers()) {
    list.push_back({{"name", layer->name()},
                    {"className", layer->className()},
                    {"inputShape", layer->isBuilt() ? shapeJson(layer->inputShape()) : Json()},
                    {"outputShape", layer->isBuilt() ? shapeJson(layer->outputShape()) : Json()},
                    {"params", layer->countParams()},
                    {"trainable", layer->trainable()},
                    {"layers", layersJson(*layer)}});
  }
  return list;
}

}  // namespace

Json Model::describe() const {
  const bool isBuilt = network_->isBuilt();
  Json inputs = Json::array();
  Json outputs = Json::array();
  if (isBuilt) {
    inputs.push_back(spec(network_->inputName(), Shape::batched(*network_->inputSizes())));
    outputs.push_back(spec(network_->sublayers().back()->name(), network_->outputShape()));
  }
  Json list = Json::array();
  for (const Variable* weight : network_->orderedWeights()) {
    list.push_back({{"name", weight->name()},
                    {"path", weight->path()},
                    {"shape", weight->sizes()},
                    {"dtype", dtypeName(weight->dtype())},
                    {"trainable", weight->trainable()},
                    {"trains", weight->trains()}});
  }
  const auto [total, trainable] = network_->countParams();
  return {
      {"name", network_->name()},
      {"className", "Sequential"},
      {"built", isBuilt},
      {"inputs", std::move(inputs)},
      {"outputs", std::move(outputs)},
      {"layers", layersJson(*network_)},
      {"weights", std::move(list)},
      {"params", {{"total", total}, {"trainable", trainable}, {"nonTrainable", total - trainable}}},
      {"metricsNames", compiled_ ? Json(compiled_->metricsNames()) : Json::array()},
      {"optimizer", compiled_ ? compiled_->optimizer().toJson() : Json()}};
}

Json Model::forwardGraph(const std::vector<int64_t>& path, bool training) {
  weights();  // throws where there are none
  Layer& layer = layerAt(path);
  Graph graph;
  const Expr x = graph.input("x", {DType::Float32, layer.inputShape()});
  std::vector<Expr> outputs = {layer.call({graph, training, step_, seed()}, x)};
  layer.addWeightLosses(graph, outputs);
  return graphToJson(graph, outputs);
}

}  // namespace tabtrain
