#include "graph/graph_json.h"

#include <cmath>

#include "graph/expr.h"
#include "ops/op.h"

namespace tabtrain {
namespace {

Json shapeJson(const Shape& shape) {
  Json json = Json::array();
  for (const Dim& dim : shape.dims()) json.push_back(dim.perBatch ? -dim.size : dim.size);
  return json;
}

struct AttrJson {
  Json operator()(const Shape& shape) const { return shapeJson(shape); }
  Json operator()(double number) const {
    if (std::isfinite(number)) return number;
    return std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity";
  }
  template <typename Other>
  Json operator()(const Other& value) const {
    return value;
  }
};

Json nodeJson(const Node& node) {
  Json attrs = Json::object();
  for (const auto& [name, value] : node.attrs.values()) attrs[name] = std::visit(AttrJson{}, value);
  Json json = {{"op", node.op->name()},
               {"in", Json(node.inputs)},
               {"out", Json(node.outputs)},
               {"attrs", std::move(attrs)}};
  if (node.variable == nullptr) return json;
  const Variable& variable = *node.variable;
  json["variable"] = variable.path();
  if (variable.isConstant()) {
    const float* numbers = variable.floats();
    json["tensor"] = {{"shape", variable.sizes()},
                      {"values", std::vector<float>(numbers, numbers + variable.count())}};
  }
  return json;
}

}  // namespace

Json graphToJson(const Graph& graph, const std::vector<Expr>& outputs) {
  Json values = Json::array();
  for (const Value& value : graph.values()) {
    values.push_back(Json::array({dtypeName(value.type.dtype), shapeJson(value.type.shape)}));
  }
  Json results = Json::array();
  for (const Expr& output : outputs) results.push_back(output.id);
  Json nodes = Json::array();
  for (const Node& node : graph.nodes()) nodes.push_back(nodeJson(node));
  return {{"values", std::move(values)},
          {"inputs", Json(graph.inputs())},
          {"outputs", std::move(results)},
          {"nodes", std::move(nodes)}};
}

}  // namespace tabtrain
