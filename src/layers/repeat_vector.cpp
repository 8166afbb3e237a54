#include "layers/layer.h"

namespace tabtrain {
namespace {

/// [batch, features] -> [batch, n, features]. keras/layers/reshaping/repeat_vector.py.
class RepeatVector : public Layer {
 public:
  explicit RepeatVector(ConfigReader& reader)
      : Layer(reader), n_(reader.integer("n", std::nullopt, 1)) {}
  const char* className() const override { return "RepeatVector"; }

  Expr call(const CallContext&, Expr x) override {
    const Shape in = x.shape();
    require(
        in.rank() == 2,
        [&] {
          return name() + ": expected an input of shape (None, features), got " + in.toString();
        },
        ErrorCode::ShapeMismatch);
    return broadcastTo(reshape(x, Shape({in[0], Dim{}, in[1]})),
                       Shape({in[0], {n_, false}, in[1]}));
  }

 protected:
  Json ownConfig() const override { return {{"n", n_}}; }

 private:
  int64_t n_;
};

}  // namespace

std::unique_ptr<Layer> makeRepeatVector(ConfigReader& reader) {
  return std::make_unique<RepeatVector>(reader);
}

}  // namespace tabtrain
