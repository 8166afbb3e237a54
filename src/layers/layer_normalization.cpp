#include <algorithm>

#include "layers/axes.h"
#include "layers/layer.h"

namespace tabtrain {
namespace {

/// y = gamma (x - mean) / sqrt(variance + epsilon) + beta, mean and variance of each sample over
/// `axis`. Ba et al., 2016; keras/layers/normalization/layer_normalization.py.
class LayerNormalization : public Layer {
 public:
  explicit LayerNormalization(ConfigReader& reader)
      : Layer(reader),
        givenAxes_(readAxes(reader, -1)),
        epsilon_(reader.number("epsilon", 1e-3, 0.0)),
        center_(reader.boolean("center", true)),
        scale_(reader.boolean("scale", true)),
        betaOptions_(reader, "beta", "Zeros"),
        gammaOptions_(reader, "gamma", "Ones") {
    if (givenAxes_.is_array() && givenAxes_.empty()) reader.fail("axis", "at least one axis");
  }

  const char* className() const override { return "LayerNormalization"; }
  std::vector<std::string> trackedAttributes() const override { return {"axis"}; }

  Expr call(const CallContext& context, Expr x) override {
    const auto read = [&](Variable* weight) {
      return alongAxes(context.graph.read(*weight), axes_, x.shape());
    };
    const Expr mean = meanOver(x, axes_);
    // Deviations from the mean sum to 0, so no gradient flows through the mean here.
    const Expr variance = meanOver(square(x - stopGradient(mean)), axes_);
    Expr factor = reciprocalSquareRoot(variance + static_cast<float>(epsilon_));
    // In Keras's two orders of operations, which round differently far from 0: the last axes go
    // through its kernel for batch normalization, which refuses small epsilons.
    const auto [first, last] = std::minmax_element(axes_.begin(), axes_.end());
    const bool isFused =
        *last + 1 == x.rank() && *last - *first + 1 == axes_.size() && epsilon_ >= 1.001e-5;
    if (isFused) {
      Expr y = (x - mean) * factor;
      if (scale_) y = y * read(gamma_);
      return center_ ? y + read(beta_) : y;
    }
    if (scale_) factor = factor * read(gamma_);
    return x * factor + (center_ ? read(beta_) - mean * factor : -(mean * factor));
  }

 protected:
  void build(const Shape& input) override {
    axes_ = resolveAxes(givenAxes_, input, name());
    std::vector<int64_t> sizes;
    for (size_t axis : axes_) sizes.push_back(input[axis].size);
    if (scale_) gamma_ = &addWeight("gamma", sizes, gammaOptions_);
    if (center_) beta_ = &addWeight("beta", sizes, betaOptions_);
  }

  Json ownConfig() const override {
    Json json = {{"axis", isBuilt() ? Json(axes_) : givenAxes_},
                 {"epsilon", epsilon_},
                 {"center", center_},
                 {"scale", scale_}};
    writeWeightOptions(json, {&betaOptions_, &gammaOptions_});
    return json;
  }

 private:
  Json givenAxes_;
  std::vector<size_t> axes_;  // counted from the batch, once built
  double epsilon_;
  bool center_;
  bool scale_;
  WeightOptions betaOptions_;
  WeightOptions gammaOptions_;
  Variable* gamma_ = nullptr;
  Variable* beta_ = nullptr;
};

}  // namespace

std::unique_ptr<Layer> makeLayerNormalization(ConfigReader& reader) {
  return std::make_unique<LayerNormalization>(reader);
}

}  // namespace tabtrain
