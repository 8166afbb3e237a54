#pragma once

#include <vector>

#include "graph/expr.h"

namespace tabtrain {

/// Reverse-mode automatic differentiation: adds to the graph the gradients of the scalar `y` with
/// respect to each of `xs`, from the gradient rule of each op on the way. An empty Expr where `y`
/// does not depend on one. Throws Unsupported where an op on the way has no gradient.
std::vector<Expr> gradients(Expr y, const std::vector<Expr>& xs);

}  // namespace tabtrain
