#pragma once

#include <memory>
#include <string>
#include <vector>

#include "layers/layer.h"

namespace tabtrain {

/// A layer that is a function of its input alone, without weights or modes, such as LeakyReLU.
/// Keras takes one wherever it takes the name of an activation.
class FunctionLayer : public Layer {
 public:
  using Layer::Layer;
  virtual Expr apply(Expr x) const = 0;
  Expr call(const CallContext&, Expr x) override { return apply(x); }
};

/// An activation function: one of Keras's by name, or a `FunctionLayer` with its own config.
class Activation {
 public:
  using Function = Expr (*)(Expr x);
  Activation(std::string name, Function function) : name_(std::move(name)), function_(function) {}
  explicit Activation(std::shared_ptr<const FunctionLayer> layer) : layer_(std::move(layer)) {}
  /// A function that the engine does not have, recorded for `replay`.
  Activation(std::string name, Json recording)
      : name_(std::move(name)), recording_(std::make_shared<Json>(std::move(recording))) {}

  Expr apply(Expr x) const;
  /// As Keras serialises it: the name, or the layer's class and config.
  Json toJson() const { return layer_ ? layer_->toJson() : Json(name_); }

 private:
  std::string name_;
  Function function_ = nullptr;
  std::shared_ptr<const FunctionLayer> layer_;
  std::shared_ptr<const Json> recording_;
};

/// From a name, the config of a `FunctionLayer`, or null for "linear"; throws UnknownClass,
/// InvalidArgument. `argument` is for errors.
Activation findActivation(const Json& json, const std::string& argument);

std::vector<std::string> activationNames();

/// x where x > `threshold`, at most `maxValue` (infinity: no limit), plus
/// `slope` * (x - threshold) below. `relu` of keras/backend.py.
Expr generalRelu(Expr x, double maxValue, double slope, double threshold);

}  // namespace tabtrain
