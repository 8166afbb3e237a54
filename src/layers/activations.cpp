#include "layers/activations.h"

#include <array>

#include "base/error.h"

namespace tabtrain {
namespace {

const std::array kActivations = {
    Activation{"linear", [](Expr x) { return x; }},
    Activation{"relu", [](Expr x) { return relu(x); }},
    Activation{"sigmoid", [](Expr x) { return sigmoid(x); }},
    Activation{"softmax", [](Expr x) { return softmax(x); }},
    Activation{"tanh", [](Expr x) { return hyperbolicTangent(x); }},
};

}  // namespace

const Activation& findActivation(const Json& json, const std::string& argument) {
  const std::string name = json.is_null()     ? "linear"
                           : json.is_string() ? json.get<std::string>()
                                              : json.dump();
  std::string known;
  for (const Activation& activation : kActivations) {
    if (name == activation.name) return activation;
    known += (known.empty() ? "" : ", ") + std::string(activation.name);
  }
  throw Error(ErrorCode::UnknownClass, argument + ": expected one of " + known +
                                           "; got unknown \"" + name.substr(0, 100) + "\"");
}

}  // namespace tabtrain
