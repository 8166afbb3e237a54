#include "layers/activations.h"

#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "graph/replay.h"

namespace tabtrain {
namespace {

Expr constant(Expr x, float value) { return x.graph->constant(value); }
Expr isAbove(Expr x, float value) { return greater(x, constant(x, value)); }
Expr isBelow(Expr x, float value) { return greater(constant(x, value), x); }
/// The operand order lets no gradient through where x is 6, as TensorFlow's Relu6.
Expr relu6(Expr x) { return minimum(constant(x, 6.0f), relu(x)); }

Expr leakyRelu(Expr x) { return generalRelu(x, std::numeric_limits<double>::infinity(), 0.2, 0.0); }

Expr gelu(Expr x) { return x * 0.5f * (apply("Erf", {x / 1.4142135623730951f}) + 1.0f); }

Expr selu(Expr x) {
  constexpr double kScale = 1.0507009873554805;
  constexpr double kAlpha = 1.6732632423543772;
  const Expr y = elu(x);
  return select(isBelow(y, 0.0f), y * static_cast<float>(kScale * kAlpha),
                y * static_cast<float>(kScale));
}

Expr swish(Expr x) { return x * sigmoid(x); }
/// Keras 2's formula. Keras 3's of the same name is relu6(x + 3) / 6.
Expr hardSigmoid(Expr x) { return clip(x * 0.2f + 0.5f, 0.0f, 1.0f); }
Expr hardSwish(Expr x) { return x * (relu6(x + 3.0f) / 6.0f); }

/// a * sigmoid(b) of the two halves of the last axis.
Expr glu(Expr x) {
  const Shape& shape = x.shape();
  const int64_t size = shape.back().size;
  require(
      size % 2 == 0,
      [&] { return "glu: expected an even last axis, got an input of shape " + shape.toString(); },
      ErrorCode::ShapeMismatch);
  const size_t last = x.rank() - 1;
  std::vector<Dim> dims = shape.dims();
  dims[last] = {2, false};
  dims.push_back({size / 2, false});
  const Expr halves = reshape(x, Shape(std::move(dims)));
  const auto half = [&](float index) {
    const Expr pick = reshape(oneHot(constant(x, index), 2), Shape::fixed({2, 1}));
    return sum(halves * pick, last, last + 1);
  };
  return half(0.0f) * sigmoid(half(1.0f));
}

Expr hardShrink(Expr x) { return select(isAbove(absolute(x), 0.5f), x, constant(x, 0.0f)); }
Expr softShrink(Expr x) {
  return select(isAbove(x, 0.5f), x - 0.5f, select(isBelow(x, -0.5f), x + 0.5f, constant(x, 0.0f)));
}
Expr sparsePlus(Expr x) {
  return select(isAbove(x, -1.0f), select(isBelow(x, 1.0f), square(x + 1.0f) * 0.25f, x),
                constant(x, 0.0f));
}
Expr sparseSigmoid(Expr x) {
  return select(isAbove(x, -1.0f), select(isBelow(x, 1.0f), (x + 1.0f) * 0.5f, constant(x, 1.0f)),
                constant(x, 0.0f));
}

/// max(x - tau, 0), where tau comes from the classes of the support: those whose value exceeds
/// (cumulative sum - 1) / rank among the values in falling order. Martins et al., 2016, have
/// tau = (sum over the support - 1) / size; Keras 3 sums the cumulative sums instead of the values,
/// and is followed here. Without a sort: every pair of classes is compared, [rows, classes,
/// classes].
Expr sparsemax(Expr x) {
  const Shape& shape = x.shape();
  const Dim rows = shape.product(0, x.rank() - 1);
  const Dim classes = shape.back();
  const Expr column = reshape(x, Shape({rows, classes, Dim{}}));
  const Expr row = reshape(x, Shape({rows, Dim{}, classes}));
  const Expr flat = reshape(x, Shape({rows, classes}));
  const Expr isFirst = greaterEqual(row, column);
  const Expr rank = sum(isFirst, 2, 3);
  const Expr support = greater(flat * rank + 1.0f, sum(row * isFirst, 2, 3));
  // Equal values share their places in the order: each takes the mean of their cumulative sums.
  const Expr cumulative = (sum(row * (isFirst + greater(row, column)), 2, 3) + flat) * 0.5f;
  const Expr tau =
      (sum(cumulative * support, 1, 2, true) - 1.0f) / sum(support, 1, 2, /*keepDims=*/true);
  return reshape(maximum(flat - tau, constant(x, 0.0f)), shape);
}

struct Row {
  const char* name;
  Activation::Function function;
};

// Keras 2's first, then what only Keras 3 has.
const std::array kRows = {
    Row{"linear", [](Expr x) { return x; }},
    Row{"relu", relu},
    Row{"sigmoid", sigmoid},
    Row{"softmax", softmax},
    Row{"tanh", hyperbolicTangent},
    Row{"elu", elu},
    Row{"exponential", exponential},
    Row{"gelu", gelu},
    Row{"hard_sigmoid", hardSigmoid},
    Row{"leaky_relu", leakyRelu},
    Row{"log_softmax", logSoftmax},
    Row{"mish", [](Expr x) { return x * hyperbolicTangent(softplus(x)); }},
    Row{"relu6", relu6},
    Row{"selu", selu},
    Row{"silu", swish},
    Row{"softplus", softplus},
    Row{"softsign", [](Expr x) { return x / (absolute(x) + 1.0f); }},
    Row{"swish", swish},
    Row{"celu",
        [](Expr x) {
          const Expr zero = constant(x, 0.0f);
          return maximum(x, zero) + elu(minimum(x, zero));
        }},
    Row{"glu", glu},
    Row{"hard_shrink", hardShrink},
    Row{"hard_silu", hardSwish},
    Row{"hard_swish", hardSwish},
    Row{"hard_tanh", [](Expr x) { return clip(x, -1.0f, 1.0f); }},
    Row{"log_sigmoid", [](Expr x) { return -softplus(-x); }},
    Row{"soft_shrink", softShrink},
    Row{"sparse_plus", sparsePlus},
    Row{"sparse_sigmoid", sparseSigmoid},
    Row{"sparsemax", sparsemax},
    Row{"squareplus", [](Expr x) { return (x + squareRoot(square(x) + 4.0f)) / 2.0f; }},
    Row{"tanh_shrink", [](Expr x) { return x - hyperbolicTangent(x); }},
};

/// The classes that are `FunctionLayer`s.
constexpr std::array kFunctionLayers = {"ReLU", "LeakyReLU", "ELU", "ThresholdedReLU", "Softmax"};

}  // namespace

Expr generalRelu(Expr x, double maxValue, double slope, double threshold) {
  const auto factor = static_cast<float>(slope);
  const auto limit = static_cast<float>(threshold);
  const bool isLimited = std::isfinite(maxValue);
  if (slope != 0.0 && threshold == 0.0 && !isLimited) {
    return select(isAbove(x, 0.0f), x, x * factor);
  }
  Expr y = threshold == 0.0 ? relu(x) : x * isAbove(x, limit);
  if (isLimited) {
    const Expr high = constant(x, static_cast<float>(maxValue));
    // Keras uses Relu6 where it can, whose gradient is 0 at 6 and not 1.
    y = maxValue == 6.0 && threshold == 0.0 ? minimum(high, y) : minimum(y, high);
  }
  return slope == 0.0 ? y : y - relu(limit - x) * factor;
}

Expr Activation::apply(Expr x) const {
  if (recording_) return replay(*x.graph, *recording_, {x}).at(0);
  return layer_ ? layer_->apply(x) : function_(x);
}

Activation findActivation(const Json& json, const std::string& argument) {
  if (json.is_null()) return {"linear", kRows[0].function};
  ClassConfig config = parseClassConfig(json, argument);
  if (json.is_string()) {
    for (const Row& row : kRows) {
      if (config.className == row.name) return {row.name, row.function};
    }
  }
  if (const Json* recording = config.config.find(kRecorded)) {
    return {config.className, *recording};
  }
  for (const char* name : kFunctionLayers) {
    if (config.className != name) continue;
    if (!config.config.contains("name")) config.config["name"] = snakeCase(name);
    std::shared_ptr<const Layer> layer = makeLayer(config);
    return Activation(std::static_pointer_cast<const FunctionLayer>(std::move(layer)));
  }
  std::string known;
  for (const Row& row : kRows) known += std::string(row.name) + ", ";
  for (const char* name : kFunctionLayers) known += std::string(name) + ", ";
  known.resize(known.size() - 2);
  throw Error(ErrorCode::UnknownClass, argument + ": expected one of " + known +
                                           "; got unknown \"" + config.className.substr(0, 100) +
                                           "\"");
}

std::vector<std::string> activationNames() {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.emplace_back(row.name);
  return names;
}

}  // namespace tabtrain
