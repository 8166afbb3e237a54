#include "layers/activations.h"
#include "layers/axes.h"

namespace tabtrain {
namespace {

/// exp(x) / sum of exp(x) over one axis or several. keras/layers/activation/softmax.py.
class Softmax : public FunctionLayer {
 public:
  explicit Softmax(ConfigReader& reader) : FunctionLayer(reader), axes_(readAxes(reader, -1)) {
    if (axes_.is_array() && axes_.empty()) reader.fail("axis", "at least one axis");
    // Masks are not in this version, so it makes no difference.
    reader.boolean("robust_masking", false);
  }
  const char* className() const override { return "Softmax"; }
  Expr apply(Expr x) const override {
    std::vector<size_t> axes = resolveAxes(axes_, x.shape(), name());
    if (axes.size() == 1 && axes[0] + 1 == x.rank()) return softmax(x);
    Expr greatest = x;
    for (size_t axis : axes) greatest = maxOver(greatest, axis, axis + 1, /*keepDims=*/true);
    const Expr y = exponential(x - stopGradient(greatest));
    return y / sumOver(y, std::move(axes));
  }

 protected:
  Json ownConfig() const override { return {{"axis", axes_}}; }

 private:
  Json axes_;
};

}  // namespace

std::unique_ptr<Layer> makeSoftmax(ConfigReader& reader) {
  return std::make_unique<Softmax>(reader);
}

}  // namespace tabtrain
