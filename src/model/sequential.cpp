#include "model/sequential.h"

#include <algorithm>
#include <map>
#include <set>

namespace tabtrain {
namespace {

constexpr const char* kInputLayer = "InputLayer";

}  // namespace

Sequential::Sequential(const Json& json, uint64_t seed) : seed_(seed) {
  const ClassConfig model = parseClassConfig(json, "model");
  require(
      model.className == "Sequential",
      [&] {
        return "model: this version has only Sequential models, got \"" + model.className + "\"";
      },
      ErrorCode::Unsupported);
  ConfigReader reader("Sequential", model.config);
  name_ = reader.string("name", "sequential");
  reader.any("build_input_shape");  // later Keras writes it; the InputLayer says the same
  readLayers(reader.any("layers"));
  reader.finish();
  layers_ = makeLayers();
  if (inputSizes_) build(*inputSizes_);
}

void Sequential::readLayers(const Json& list) {
  require(list.is_array() && !list.empty(), [] {
    return std::string("model: expected at least one layer, got none; add one first");
  });
  for (size_t i = 0; i < list.size(); ++i) {
    ClassConfig config = parseClassConfig(list[i], "layers[" + std::to_string(i) + "]");
    const auto layer = makeLayer(config);
    if (i == 0) inputSizes_ = layer->inputSizes();
    if (config.className == kInputLayer) {
      require(i == 0, [&] {
        return "layers[" + std::to_string(i) + "]: expected an InputLayer only at the beginning";
      });
      inputName_ = layer->name().empty() ? "input_1" : layer->name();
    } else {
      configs_.push_back(std::move(config));
    }
  }
  require(!configs_.empty(), [] {
    return std::string("model: expected at least one layer after the InputLayer, got none");
  });
  nameLayers();
  if (inputName_.empty()) inputName_ = configs_[0].config["name"].get<std::string>() + "_input";
}

void Sequential::nameLayers() {
  std::set<std::string> taken;
  for (const ClassConfig& layer : configs_) {
    const auto name = layer.config.find("name");
    if (name == layer.config.end() || name->is_null()) continue;
    require(taken.insert(name->get<std::string>()).second,
            [&] { return "layers: expected unique names, got " + name->dump() + " twice"; });
  }
  std::map<std::string, int> counts;
  for (ClassConfig& layer : configs_) {
    if (layer.config.contains("name") && !layer.config["name"].is_null()) continue;
    const std::string base = snakeCase(layer.className);
    std::string name;
    do {
      const int count = counts[base]++;
      name = count == 0 ? base : base + "_" + std::to_string(count);
    } while (!taken.insert(name).second);
    layer.config["name"] = name;
  }
}

std::vector<std::unique_ptr<Layer>> Sequential::makeLayers() const {
  std::vector<std::unique_ptr<Layer>> layers;
  for (const ClassConfig& config : configs_) layers.push_back(makeLayer(config));
  return layers;
}

void Sequential::build(const std::vector<int64_t>& sizes) {
  if (isBuilt_) return;
  std::vector<Shape> shapes;
  Graph graph;
  Variable step("step", "step", DType::Int64, {}, false);
  const CallContext context{graph, false, step, seed_};
  Expr x = graph.input(inputName_, {DType::Float32, Shape::batched(sizes)});
  try {
    for (size_t i = 0; i < layers_.size(); ++i) {
      layers_[i]->buildAt("layers/" + std::to_string(i), x.shape(), seed_);
      x = layers_[i]->call(context, x);
      shapes.push_back(x.shape());
    }
  } catch (...) {
    layers_ = makeLayers();
    throw;
  }
  outputShapes_ = std::move(shapes);
  inputSizes_ = sizes;
  isBuilt_ = true;
}

void Sequential::unbuild() {
  layers_ = makeLayers();
  outputShapes_.clear();
  inputSizes_.reset();
  isBuilt_ = false;
}

Expr Sequential::call(const CallContext& context, Expr x) const {
  for (const auto& layer : layers_) x = layer->call(context, x);
  return x;
}

std::vector<Variable*> Sequential::weights() const {
  std::vector<Variable*> result;
  for (const auto& layer : layers_) {
    const auto weights = layer->orderedWeights();
    result.insert(result.end(), weights.begin(), weights.end());
  }
  return result;
}

std::vector<Variable*> Sequential::trainableWeights() const {
  std::vector<Variable*> result = weights();
  std::erase_if(result, [](const Variable* weight) { return !weight->trainable(); });
  return result;
}

Sequential::ParamCounts Sequential::countParams() const {
  ParamCounts counts;
  for (const Variable* weight : weights()) {
    counts.total += weight->count();
    if (weight->trainable()) counts.trainable += weight->count();
  }
  return counts;
}

Json Sequential::toJson() const {
  Json layers = Json::array();
  if (inputSizes_) {
    const Json config = {{"batch_input_shape", batchShapeJson(*inputSizes_)}, {"name", inputName_}};
    layers.push_back(makeLayer({kInputLayer, config})->toJson());
  }
  for (const auto& layer : layers_) layers.push_back(layer->toJson());
  return ClassConfig{"Sequential", {{"name", name_}, {"layers", std::move(layers)}}}.toJson();
}

}  // namespace tabtrain
