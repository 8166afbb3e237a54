#include "layers/constant_tensor.h"

#include <algorithm>

namespace tabtrain {
namespace {

/// Appends the numbers of `json`, lists of `sizes` from the level `depth` on.
bool flatten(const Json& json, const std::vector<int64_t>& sizes, size_t depth,
             std::vector<float>& values) {
  if (depth == sizes.size()) {
    if (!json.is_number()) return false;
    values.push_back(json.get<float>());
    return true;
  }
  return json.is_array() && static_cast<int64_t>(json.size()) == sizes[depth] &&
         std::all_of(json.begin(), json.end(),
                     [&](const Json& item) { return flatten(item, sizes, depth + 1, values); });
}

}  // namespace

ConstantTensor::ConstantTensor(ConfigReader& reader, const std::string& key, const Json& fallback)
    : json_(reader.any(key)) {
  if (json_.is_null()) json_ = fallback;
  if (json_.is_null() || json_.is_number()) return;
  std::vector<int64_t> sizes;
  for (const Json* level = &json_; level->is_array() && !level->empty(); level = &(*level)[0]) {
    sizes.push_back(static_cast<int64_t>(level->size()));
  }
  std::vector<float> values;
  if (sizes.empty() || !flatten(json_, sizes, 0, values)) {
    reader.fail(key, "a number or lists of numbers of one length");
  }
  const std::string name = reader.className() + "/" + key;
  variable_ = std::make_unique<Variable>(name, name, DType::Float32, sizes, false,
                                         [values = std::move(values)](std::span<float> out) {
                                           std::copy(values.begin(), values.end(), out.begin());
                                         });
  variable_->setConstant();
}

Expr ConstantTensor::read(Graph& graph) const {
  return variable_ ? graph.read(*variable_) : graph.constant(json_.get<float>());
}

void ConstantTensor::track(const char* attribute, std::vector<std::string>& lists) const {
  if (variable_) lists.emplace_back(attribute);
}

}  // namespace tabtrain
