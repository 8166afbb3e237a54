#include "layers/axes.h"
#include "layers/layer.h"

namespace tabtrain {
namespace {

/// x / sqrt(max(sum of x^2, 1e-12)), the sum over `axis`. Keras 2.9 and later;
/// keras/layers/normalization/unit_normalization.py.
class UnitNormalization : public Layer {
 public:
  explicit UnitNormalization(ConfigReader& reader) : Layer(reader), axes_(readAxes(reader, -1)) {}
  const char* className() const override { return "UnitNormalization"; }

  Expr call(const CallContext& context, Expr x) override {
    const Expr squares = sumOver(square(x), resolveAxes(axes_, x.shape(), name()));
    return x * reciprocalSquareRoot(maximum(squares, context.graph.constant(1e-12f)));
  }

 protected:
  Json ownConfig() const override { return {{"axis", axes_}}; }

 private:
  Json axes_;
};

}  // namespace

std::unique_ptr<Layer> makeUnitNormalization(ConfigReader& reader) {
  return std::make_unique<UnitNormalization>(reader);
}

}  // namespace tabtrain
