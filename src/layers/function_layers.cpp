#include <array>
#include <cmath>
#include <limits>

#include "layers/activations.h"

/// Activations with parameters: numbers, which Keras keeps as float32.
/// keras/layers/activation/{relu,leaky_relu,elu,thresholded_relu}.py.
namespace tabtrain {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Parameter {
  const char* name = nullptr;
  double fallback = 0.0;  // infinity stands for null: no limit
  double min = 0.0;
};

using Parameters = std::array<double, 3>;

struct Row {
  const char* className;
  std::array<Parameter, 3> parameters;
  Expr (*apply)(Expr x, const Parameters& p);
};

const std::array kRows = {
    Row{"ReLU",
        {{{"max_value", kInfinity}, {"negative_slope"}, {"threshold"}}},
        [](Expr x, const Parameters& p) { return generalRelu(x, p[0], p[1], p[2]); }},
    Row{"LeakyReLU",
        {{{"alpha", 0.3, -kInfinity}}},
        [](Expr x, const Parameters& p) { return generalRelu(x, kInfinity, p[0], 0.0); }},
    Row{"ELU",
        {{{"alpha", 1.0, -kInfinity}}},
        [](Expr x, const Parameters& p) {
          const Expr y = elu(x);
          if (p[0] == 1.0) return y;
          return select(greater(x, x.graph->constant(0.0f)), y, y * static_cast<float>(p[0]));
        }},
    Row{"ThresholdedReLU",
        {{{"theta", 1.0}}},
        [](Expr x, const Parameters& p) { return generalRelu(x, kInfinity, 0.0, p[0]); }},
};

class ParametricActivation : public FunctionLayer {
 public:
  ParametricActivation(ConfigReader& reader, const Row& row) : FunctionLayer(reader), row_(row) {
    for (size_t i = 0; i < row.parameters.size() && row.parameters[i].name != nullptr; ++i) {
      const Parameter& parameter = row.parameters[i];
      const bool isNull = std::isinf(parameter.fallback) && reader.any(parameter.name).is_null();
      const double value =
          isNull ? kInfinity : reader.number(parameter.name, parameter.fallback, parameter.min);
      values_[i] = static_cast<double>(static_cast<float>(value));
    }
    // Keras 3's name of LeakyReLU's alpha.
    if (std::string_view(row.className) == "LeakyReLU") {
      values_[0] = reader.number("negative_slope", values_[0]);
    }
  }
  const char* className() const override { return row_.className; }
  Expr apply(Expr x) const override { return row_.apply(x, values_); }

 protected:
  Json ownConfig() const override {
    Json json;
    for (size_t i = 0; i < values_.size() && row_.parameters[i].name != nullptr; ++i) {
      json[row_.parameters[i].name] = std::isinf(values_[i]) ? Json(nullptr) : Json(values_[i]);
    }
    return json;
  }

 private:
  const Row& row_;
  Parameters values_{};
};

}  // namespace

std::unique_ptr<Layer> makeParametricActivation(ConfigReader& reader) {
  for (const Row& row : kRows) {
    if (reader.className() == row.className) {
      return std::make_unique<ParametricActivation>(reader, row);
    }
  }
  throw Error(ErrorCode::Internal, "no activation " + reader.className());
}

}  // namespace tabtrain
