#include "layers/activations.h"
#include "layers/layer.h"

namespace tabtrain {
namespace {

/// An activation function as a layer of its own. keras/layers/core/activation.py.
class ActivationLayer : public Layer {
 public:
  explicit ActivationLayer(ConfigReader& reader)
      : Layer(reader), activation_(findActivation(required(reader), "Activation: activation")) {}
  const char* className() const override { return "Activation"; }
  Expr call(const CallContext&, Expr x) override { return activation_.apply(x); }

 protected:
  Json ownConfig() const override { return {{"activation", activation_.name}}; }

 private:
  static const Json& required(ConfigReader& reader) {
    const Json& json = reader.any("activation");
    if (json.is_null()) reader.fail("activation", "the name of an activation function");
    return json;
  }
  const Activation& activation_;
};

}  // namespace

std::unique_ptr<Layer> makeActivation(ConfigReader& reader) {
  return std::make_unique<ActivationLayer>(reader);
}

}  // namespace tabtrain
