#include "layers/activations.h"

namespace tabtrain {
namespace {

/// An activation function as a layer of its own. keras/layers/core/activation.py.
class ActivationLayer : public FunctionLayer {
 public:
  explicit ActivationLayer(ConfigReader& reader)
      : FunctionLayer(reader),
        activation_(findActivation(required(reader), "Activation: activation")) {}
  const char* className() const override { return "Activation"; }
  Expr apply(Expr x) const override { return activation_.apply(x); }

 protected:
  Json ownConfig() const override { return {{"activation", activation_.toJson()}}; }

 private:
  static const Json& required(ConfigReader& reader) {
    const Json& json = reader.any("activation");
    if (json.is_null()) reader.fail("activation", "an activation function");
    return json;
  }
  Activation activation_;
};

}  // namespace

std::unique_ptr<Layer> makeActivation(ConfigReader& reader) {
  return std::make_unique<ActivationLayer>(reader);
}

}  // namespace tabtrain
