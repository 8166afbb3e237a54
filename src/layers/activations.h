#pragma once

#include <string>

#include "base/json.h"
#include "graph/expr.h"

namespace tabtrain {

/// One activation function: Keras's name and the ops that it stands for.
struct Activation {
  const char* name;
  Expr (*apply)(Expr x);
};

/// From a name, or null for "linear"; throws UnknownClass. `argument` is for errors.
const Activation& findActivation(const Json& json, const std::string& argument);

}  // namespace tabtrain
