#include "layers/layer.h"

#include <cctype>

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
  build(input);
  isBuilt_ = true;
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
  for (const auto& weight : weights_) count += weight->count();
  return count;
}

Variable& Layer::addWeight(const std::string& name, const std::vector<int64_t>& sizes,
                           const Initializer& initializer, bool trainable) {
  const std::string path = path_ + "/" + name;
  const auto fill = [&initializer, sizes, key = streamKey(seed_, path)](std::span<float> elements) {
    initializer.fill(elements, sizes, PhiloxStream(key, 0));
  };
  weights_.push_back(std::make_unique<Variable>(name_ + "/" + name, path, DType::Float32, sizes,
                                                trainable && trainable_, fill));
  return *weights_.back();
}

std::string snakeCase(const std::string& className) {
  std::string result;
  for (size_t i = 0; i < className.size(); ++i) {
    const auto c = static_cast<unsigned char>(className[i]);
    const bool startsWord = std::isupper(c) != 0 && i > 0 &&
                            (std::islower(static_cast<unsigned char>(className[i - 1])) != 0 ||
                             (i + 1 < className.size() &&
                              std::islower(static_cast<unsigned char>(className[i + 1])) != 0));
    if (startsWord) result += '_';
    result += static_cast<char>(std::tolower(c));
  }
  return result;
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
