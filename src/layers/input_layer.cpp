#include "layers/layer.h"

namespace tabtrain {
namespace {

/// Where data enter; computes nothing.
class InputLayer : public Layer {
 public:
  explicit InputLayer(ConfigReader& reader) : Layer(reader) {
    if (!inputSizes()) reader.fail("batch_input_shape", "the shape of the input");
    reader.unsupported("sparse", false);
    reader.unsupported("ragged", false);
  }
  const char* className() const override { return "InputLayer"; }
  /// Keras's has neither the keys nor the order of the other layers.
  Json config() const override {
    return {{"batch_input_shape", batchShapeJson(*inputSizes())},
            {"dtype", "float32"},
            {"sparse", false},
            {"ragged", false},
            {"name", name()}};
  }
  Expr call(const CallContext&, Expr x) override { return x; }
};

}  // namespace

std::unique_ptr<Layer> makeInputLayer(ConfigReader& reader) {
  return std::make_unique<InputLayer>(reader);
}

}  // namespace tabtrain
