#include "layers/layer.h"

namespace tabtrain {
namespace {

/// [batch, ...] -> [batch, target_shape...], where one extent may be -1: what is left.
/// keras/layers/reshaping/reshape.py.
class Reshape : public Layer {
 public:
  explicit Reshape(ConfigReader& reader) : Layer(reader), target_(reader.any("target_shape")) {
    int unknown = 0;
    bool isFine = target_.is_array();
    for (size_t i = 0; isFine && i < target_.size(); ++i) {
      isFine = target_[i].is_number_integer() && target_[i].get<int64_t>() >= -1 &&
               target_[i] != Json(0);
      if (isFine && target_[i] == Json(-1)) ++unknown;
    }
    if (!isFine || unknown > 1) {
      reader.fail("target_shape", "a list of extents of at least 1, of which one may be -1");
    }
  }
  const char* className() const override { return "Reshape"; }

  Expr call(const CallContext&, Expr x) override {
    const Shape& in = x.shape();
    const int64_t count = in.product(1, in.rank()).size;
    int64_t known = 1;
    for (const Json& extent : target_) {
      if (extent != Json(-1)) known = multiplyCounts(known, extent.get<int64_t>());
    }
    std::vector<Dim> dims = {in[0]};
    bool isFine = known != 0;
    int64_t product = 1;
    for (const Json& extent : target_) {
      const auto size = extent.get<int64_t>();
      dims.push_back({size == -1 && isFine ? count / known : size, false});
      product = multiplyCounts(product, dims.back().size);
    }
    require(
        isFine && product == count,
        [&] {
          return name() + ": target_shape: expected as many elements as " + in.toString() +
                 ", got " + target_.dump().substr(0, 100);
        },
        ErrorCode::ShapeMismatch);
    return reshape(x, Shape(std::move(dims)));
  }

 protected:
  Json ownConfig() const override { return {{"target_shape", target_}}; }

 private:
  Json target_;
};

}  // namespace

std::unique_ptr<Layer> makeReshape(ConfigReader& reader) {
  return std::make_unique<Reshape>(reader);
}

}  // namespace tabtrain
