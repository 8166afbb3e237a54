#include "layers/layer.h"

namespace tabtrain {
namespace {

/// [batch, ...] -> [batch, product]. keras/layers/reshaping/flatten.py.
class Flatten : public Layer {
 public:
  explicit Flatten(ConfigReader& reader) : Layer(reader) {
    reader.unsupported("data_format", "channels_last");
  }
  const char* className() const override { return "Flatten"; }
  Expr call(const CallContext&, Expr x) override {
    const Shape& in = x.shape();
    return reshape(x, Shape({in[0], in.product(1, in.rank())}));
  }

 protected:
  Json ownConfig() const override { return {{"data_format", "channels_last"}}; }
};

}  // namespace

std::unique_ptr<Layer> makeFlatten(ConfigReader& reader) {
  return std::make_unique<Flatten>(reader);
}

}  // namespace tabtrain
