#include "layers/layer.h"

namespace tabtrain {
namespace {

/// [batch, ...] -> [batch, product]. With `channels_first` axis 1 moves to the end before, so that
/// the order is that of channels_last. keras/layers/reshaping/flatten.py.
class Flatten : public Layer {
 public:
  explicit Flatten(ConfigReader& reader)
      : Layer(reader), format_(reader.string("data_format", "channels_last")) {
    if (format_ != "channels_last" && format_ != "channels_first") {
      reader.fail("data_format", "\"channels_last\" or \"channels_first\"");
    }
  }
  const char* className() const override { return "Flatten"; }
  Expr call(const CallContext&, Expr x) override {
    const Shape in = x.shape();
    if (format_ == "channels_first" && in.rank() > 2) {
      std::vector<int64_t> order = {0};
      for (size_t axis = 2; axis < in.rank(); ++axis) order.push_back(static_cast<int64_t>(axis));
      order.push_back(1);
      x = transpose(x, order);
    }
    return reshape(x, Shape({in[0], in.product(1, in.rank())}));
  }

 protected:
  Json ownConfig() const override { return {{"data_format", format_}}; }

 private:
  std::string format_;
};

}  // namespace

std::unique_ptr<Layer> makeFlatten(ConfigReader& reader) {
  return std::make_unique<Flatten>(reader);
}

}  // namespace tabtrain
