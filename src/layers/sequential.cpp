#include "layers/sequential.h"

namespace tabtrain {
namespace {

constexpr const char* kInputLayer = "InputLayer";

void copyTrainable(const Layer& from, Layer& to) {
  to.setTrainable(from.trainable());
  for (size_t i = 0; i < from.sublayers().size(); ++i) {
    copyTrainable(*from.sublayers()[i], *to.sublayers()[i]);
  }
}

}  // namespace

Sequential::Sequential(ConfigReader& reader) : Layer(reader) {
  reader.any("build_input_shape");  // later Keras writes it; the InputLayer says the same
  readLayers(reader.any("layers"));
  if (!trainable()) setTrainable(false);
}

void Sequential::readLayers(const Json& list) {
  require(list.is_array() && !list.empty(), [] {
    return std::string("model: expected at least one layer, got none; add one first");
  });
  for (size_t i = 0; i < list.size(); ++i) {
    ClassConfig config = parseClassConfig(list[i], "layers[" + std::to_string(i) + "]");
    auto layer = makeLayer(config);
    if (i == 0 && layer->inputSizes()) setInputSizes(layer->inputSizes());
    if (config.className == kInputLayer) {
      require(i == 0, [&] {
        return "layers[" + std::to_string(i) + "]: expected an InputLayer only at the beginning";
      });
      inputName_ = layer->name().empty() ? "input_1" : layer->name();
    } else {
      if (inputName_.empty()) inputName_ = layer->name() + "_input";
      configs_.push_back(std::move(config));
      layers_.push_back(std::move(layer));
    }
  }
  require(!configs_.empty(), [] {
    return std::string("model: expected at least one layer after the InputLayer, got none");
  });
  saysInput_ = inputSizes().has_value();
}

std::vector<std::unique_ptr<Layer>> Sequential::makeLayers() const {
  std::vector<std::unique_ptr<Layer>> layers;
  for (const ClassConfig& config : configs_) layers.push_back(makeLayer(config));
  for (size_t i = 0; i < layers_.size(); ++i) copyTrainable(*layers_[i], *layers[i]);
  return layers;
}

void Sequential::buildModel(const std::vector<int64_t>& sizes, uint64_t seed) {
  if (!isBuilt()) buildAt("", Shape::batched(sizes), seed);
}

void Sequential::build(const Shape& input) {
  const std::vector<int64_t> sizes = input.sizesWithoutBatch();
  require(
      !saysInput_ || sizes == *inputSizes(),
      [&] {
        return name() + ": expected an input of shape " + Shape::batched(*inputSizes()).toString() +
               ", got " + input.toString();
      },
      ErrorCode::ShapeMismatch);
  const std::string prefix = path().empty() ? "layers/" : path() + "/layers/";
  Graph graph;
  Variable step("step", "step", DType::Int64, {}, false);
  const CallContext context{graph, false, step, seed()};
  Expr x = graph.input(inputName_, {DType::Float32, input});
  try {
    for (size_t i = 0; i < layers_.size(); ++i) {
      layers_[i]->buildAt(prefix + std::to_string(i), x.shape(), seed());
      x = layers_[i]->call(context, x);
      layers_[i]->setOutputShape(x.shape());
    }
  } catch (...) {
    layers_ = makeLayers();
    throw;
  }
  setOutputShape(x.shape());
  setInputSizes(sizes);
}

void Sequential::unbuild() {
  layers_ = makeLayers();
  if (!saysInput_) setInputSizes(std::nullopt);
  setUnbuilt();
}

Expr Sequential::call(const CallContext& context, Expr x) {
  for (const auto& layer : layers_) x = layer->call(context, x);
  return x;
}

void Sequential::setTrainable(bool trainable) {
  Layer::setTrainable(trainable);
  for (const auto& layer : layers_) layer->setTrainable(trainable);
}

std::vector<Variable*> Sequential::orderedWeights() const {
  std::vector<Variable*> result;
  for (const auto& layer : layers_) {
    const auto weights = layer->orderedWeights();
    result.insert(result.end(), weights.begin(), weights.end());
  }
  return result;
}

std::vector<Variable*> Sequential::trainableWeights() const {
  std::vector<Variable*> result = orderedWeights();
  std::erase_if(result, [](const Variable* weight) { return !weight->trainable(); });
  return result;
}

Sequential::ParamCounts Sequential::countParams() const {
  ParamCounts counts;
  for (const Variable* weight : orderedWeights()) {
    counts.total = addCounts(counts.total, weight->count());
    if (weight->trainable()) counts.trainable = addCounts(counts.trainable, weight->count());
  }
  return counts;
}

Json Sequential::config() const {
  Json layers = Json::array();
  if (inputSizes()) {
    const Json config = {{"batch_input_shape", batchShapeJson(*inputSizes())},
                         {"name", inputName_}};
    layers.push_back(makeLayer({kInputLayer, config})->toJson());
  }
  for (const auto& layer : layers_) layers.push_back(layer->toJson());
  return {{"name", name()}, {"layers", std::move(layers)}};
}

std::unique_ptr<Layer> makeSequential(ConfigReader& reader) {
  return std::make_unique<Sequential>(reader);
}

}  // namespace tabtrain
