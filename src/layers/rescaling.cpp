#include "layers/constant_tensor.h"
#include "layers/layer.h"

namespace tabtrain {
namespace {

/// x scale + offset; lists are for the last axes.
/// keras/layers/preprocessing/image_preprocessing.py.
class Rescaling : public Layer {
 public:
  explicit Rescaling(ConfigReader& reader)
      : Layer(reader), scale_(reader, "scale", nullptr), offset_(reader, "offset", 0.0) {
    if (scale_.json().is_null()) reader.fail("scale", "a number or a list of numbers");
  }
  const char* className() const override { return "Rescaling"; }
  std::vector<std::string> trackedAttributes() const override {
    std::vector<std::string> lists;
    scale_.track("scale", lists);
    offset_.track("offset", lists);
    return lists;
  }

  Expr call(const CallContext& context, Expr x) override {
    const Expr y = x * scale_.read(context.graph) + offset_.read(context.graph);
    require(
        y.shape() == x.shape(),
        [&] {
          return name() + ": expected an input that scale and offset broadcast to, got " +
                 x.shape().toString();
        },
        ErrorCode::ShapeMismatch);
    return y;
  }

 protected:
  Json ownConfig() const override { return {{"scale", scale_.json()}, {"offset", offset_.json()}}; }

 private:
  ConstantTensor scale_;
  ConstantTensor offset_;
};

}  // namespace

std::unique_ptr<Layer> makeRescaling(ConfigReader& reader) {
  return std::make_unique<Rescaling>(reader);
}

}  // namespace tabtrain
