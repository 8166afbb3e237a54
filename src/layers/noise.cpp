#include <array>
#include <cmath>
#include <limits>

#include "layers/layer.h"

/// Noise in training; none otherwise.
/// keras/layers/regularization/{dropout,spatial_dropout1d,alpha_dropout,gaussian_*}.py.
namespace tabtrain {
namespace {

/// x with noise. `random` gives one number for each element of the noise's shape: uniform in [0,
/// 1), or of a standard normal distribution. `amount` is a rate, above 0, or a standard deviation.
using Noise = Expr (*)(Expr x, Expr random, double amount);

/// Sets a random share `rate` of the inputs to 0 and scales the others by 1/(1-rate). Srivastava et
/// al., 2014.
Expr dropout(Expr x, Expr random, double rate) {
  Graph& graph = *x.graph;
  const Expr zero = graph.constant(0.0f);
  if (rate == 1.0) return x * zero;
  const Expr keep = greaterEqual(random, graph.constant(static_cast<float>(rate)));
  return select(keep, x * static_cast<float>(1.0 / (1.0 - rate)), zero);
}

/// Sets the share to SELU's negative limit instead, then scales and shifts so that mean 0 and
/// variance 1 stay. Klambauer et al., 2017.
Expr alphaDropout(Expr x, Expr random, double rate) {
  if (rate == 1.0) return x;
  Graph& graph = *x.graph;
  constexpr double kLimit = -1.6732632423543772 * 1.0507009873554805;
  const double factor = 1.0 / std::sqrt((1.0 - rate) * (1.0 + rate * kLimit * kLimit));
  const Expr keep = greaterEqual(random, graph.constant(static_cast<float>(rate)));
  const Expr y = select(keep, x, graph.constant(static_cast<float>(kLimit)));
  return y * static_cast<float>(factor) + static_cast<float>(-factor * kLimit * rate);
}

/// Multiplies by a normal number of mean 1 whose variance is that of dropout.
Expr gaussianDropout(Expr x, Expr random, double rate) {
  if (rate == 1.0) return x;
  return x * (random * static_cast<float>(std::sqrt(rate / (1.0 - rate))) + 1.0f);
}

Expr gaussianNoise(Expr x, Expr random, double stddev) {
  return x + random * static_cast<float>(stddev);
}

struct Row {
  const char* className;
  Noise apply;
  const char* amount;  // the argument's name
  double max;
  const char* distribution;  // the op that draws
  bool hasNoiseShape;        // does the config have it?
  bool dropsChannels;        // whole ones, [batch, 1, channels]
};

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr const char* kUniform = "RandomUniform";
constexpr const char* kNormal = "RandomStandardNormal";

const std::array kRows = {
    Row{"Dropout", dropout, "rate", 1.0, kUniform, true, false},
    Row{"SpatialDropout1D", dropout, "rate", 1.0, kUniform, true, true},
    Row{"AlphaDropout", alphaDropout, "rate", 1.0, kUniform, false, false},
    Row{"GaussianDropout", gaussianDropout, "rate", 1.0, kNormal, false, false},
    Row{"GaussianNoise", gaussianNoise, "stddev", kInfinity, kNormal, false, false},
};

class NoiseLayer : public Layer {
 public:
  NoiseLayer(ConfigReader& reader, const Row& row)
      : Layer(reader), row_(row), amount_(reader.number(row.amount, {}, 0.0, row.max)) {
    if (!row.hasNoiseShape) {
      reader.unsupported("noise_shape");
    } else {
      noiseShape_ = reader.any("noise_shape");
      if (!noiseShape_.is_null() && !noiseShape_.is_array()) {
        reader.fail("noise_shape", "a list of null or an extent for each axis");
      }
    }
    if (!reader.any("seed").is_null()) seed_ = reader.integer("seed", std::nullopt, 0);
  }
  const char* className() const override { return row_.className; }

  Expr call(const CallContext& context, Expr x) override {
    const Shape shape = shapeOfNoise(x.shape());
    if (!context.training || amount_ == 0.0) return x;
    const uint64_t seed = seed_ ? static_cast<uint64_t>(*seed_) : context.seed;
    const Expr random = randomNumbers(row_.distribution, context.graph.read(context.step), shape,
                                      seed, path() + "/dropout");
    return row_.apply(x, random, amount_);
  }

 protected:
  Json ownConfig() const override {
    Json json = {{row_.amount, amount_}};
    if (row_.hasNoiseShape) json["noise_shape"] = noiseShape_;
    json["seed"] = seed_ ? Json(*seed_) : Json(nullptr);
    return json;
  }

 private:
  /// The input's shape, with 1 for the axes along which all elements share a number.
  Shape shapeOfNoise(const Shape& input) const {
    const auto check = [&](bool isFine, const std::string& expected) {
      require(
          isFine, [&] { return name() + ": expected " + expected + ", got " + input.toString(); },
          ErrorCode::ShapeMismatch);
    };
    Json given = noiseShape_;
    if (row_.dropsChannels) {
      check(input.rank() == 3, "an input of shape (None, steps, channels)");
      given = Json::array({nullptr, 1, nullptr});
    }
    if (given.is_null()) return input;
    std::vector<Dim> dims = input.dims();
    bool fits = given.size() == dims.size();
    for (size_t axis = 0; fits && axis < dims.size(); ++axis) {
      if (given[axis].is_null()) continue;
      if (given[axis] == Json(1)) {
        dims[axis] = Dim{};
      } else {
        fits = !dims[axis].perBatch && given[axis] == Json(dims[axis].size);
      }
    }
    check(fits, "an input that noise_shape " + given.dump() + " fits, null for the batch");
    return Shape(std::move(dims));
  }

  const Row& row_;
  double amount_;
  Json noiseShape_;
  std::optional<int64_t> seed_;
};

}  // namespace

std::unique_ptr<Layer> makeNoise(ConfigReader& reader) {
  for (const Row& row : kRows) {
    if (reader.className() == row.className) return std::make_unique<NoiseLayer>(reader, row);
  }
  throw Error(ErrorCode::Internal, "no noise " + reader.className());
}

}  // namespace tabtrain
