#include "layers/layer.h"

namespace tabtrain {

Layer::Layer(ConfigReader& reader)
    : name_(reader.string("name", "")), trainable_(reader.boolean("trainable", true)) {
  reader.unsupported("dtype", "float32");
  const Json& shape = reader.any("batch_input_shape");
  if (!shape.is_null()) inputSizes_ = parseBatchShape(shape, "batch_input_shape");
}

Json Layer::config() const {
  Json json = {{"name", name_}, {"trainable", trainable_}};
  if (inputSizes_) json["batch_input_shape"] = batchShapeJson(*inputSizes_);
  json["dtype"] = "float32";
  json.update(ownConfig());
  return json;
}

void Layer::buildAt(const std::string& path, const Shape& input, uint64_t seed) {
  path_ = path;
  seed_ = seed;
  inputShape_ = input;
  build(input);
  isBuilt_ = true;
}

void Layer::setTrainable(bool trainable) {
  trainable_ = trainable;
  for (const auto& weight : weights_) weight->setFrozen(!trainable);
}

std::vector<Variable*> Layer::orderedWeights() const {
  std::vector<Variable*> ordered;
  for (bool trainable : {true, false}) {
    for (const auto& weight : weights_) {
      if (weight->trainable() == trainable) ordered.push_back(weight.get());
    }
  }
  return ordered;
}

int64_t Layer::countParams() const {
  int64_t count = 0;
  for (const Variable* weight : orderedWeights()) count = addCounts(count, weight->count());
  return count;
}

const std::vector<std::unique_ptr<Layer>>& Layer::sublayers() const {
  static const std::vector<std::unique_ptr<Layer>> kNone;
  return kNone;
}

void Layer::addWeightLosses(Graph& graph, std::vector<Expr>& losses) const {
  for (size_t i = 0; i < weights_.size(); ++i) {
    if (const Regularizer* regularizer = traits_[i].regularizer) {
      losses.push_back(regularizer->penalty(graph.read(*weights_[i])));
    }
  }
  for (const auto& layer : sublayers()) layer->addWeightLosses(graph, losses);
}

Expr Layer::constrain(const Variable& weight, Expr value) const {
  for (size_t i = 0; i < weights_.size(); ++i) {
    if (weights_[i].get() != &weight) continue;
    return traits_[i].constraint ? traits_[i].constraint->project(value) : value;
  }
  for (const auto& layer : sublayers()) value = layer->constrain(weight, value);
  return value;
}

Variable& Layer::addWeight(const std::string& name, const std::vector<int64_t>& sizes,
                           const WeightOptions& options) {
  Variable& weight = addWeight(name, sizes, options.initializer());
  traits_.back().regularizer = options.regularizer();
  traits_.back().constraint = options.constraint();
  return weight;
}

Variable& Layer::addWeight(const std::string& name, const std::vector<int64_t>& sizes,
                           const Initializer& initializer, bool trainable) {
  initializer.check(sizes, path_ + "/" + name);
  const auto fill = [&initializer, sizes,
                     key = streamKey(seed_, path_ + "/" + name)](std::span<float> elements) {
    initializer.fill(elements, sizes, PhiloxStream(key, 0));
  };
  return addVariable(name, DType::Float32, sizes, trainable, fill);
}

Variable& Layer::addCounter(const std::string& name) {
  return addVariable(name, DType::Int64, {}, /*trainable=*/false, {});
}

Variable& Layer::addVariable(const std::string& name, DType dtype,
                             const std::vector<int64_t>& sizes, bool trainable,
                             const Variable::Fill& fill) {
  weights_.push_back(std::make_unique<Variable>(name_ + "/" + name, path_ + "/" + name, dtype,
                                                sizes, trainable, fill));
  weights_.back()->setFrozen(!trainable_);
  traits_.push_back({nullptr, nullptr});
  return *weights_.back();
}

void CallContext::addActivityLoss(const Regularizer* regularizer, Expr y) const {
  if (regularizer == nullptr || losses == nullptr) return;
  losses->push_back(regularizer->penalty(y) / graph.batchSize());
}

std::vector<int64_t> parseBatchShape(const Json& json, const std::string& what) {
  const auto fail = [&]() -> std::vector<int64_t> {
    throw Error(ErrorCode::InvalidArgument,
                what + ": expected null (the batch) followed by extents of at least 1, got " +
                    json.dump().substr(0, 100));
  };
  if (!json.is_array() || json.empty()) return fail();
  const bool isFixed = json[0].is_number_integer() && json[0].get<int64_t>() >= 1;
  if (!isFixed && !json[0].is_null()) return fail();
  std::vector<int64_t> sizes;
  for (size_t i = 1; i < json.size(); ++i) {
    if (!json[i].is_number_integer() || json[i].get<int64_t>() < 1) return fail();
    sizes.push_back(json[i].get<int64_t>());
  }
  elementCount(sizes);
  return sizes;
}

Json batchShapeJson(const std::vector<int64_t>& sizes) {
  Json json = Json::array({nullptr});
  for (int64_t size : sizes) json.push_back(size);
  return json;
}

}  // namespace tabtrain
