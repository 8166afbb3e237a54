#pragma once

#include <functional>
#include <vector>

#include "golden.h"
#include "graph/expr.h"

namespace tabtrain::testing {

/// A function under test: records ops over the inputs and gives their result.
using GraphFunction = std::function<Expr(const std::vector<Expr>& inputs)>;

/// A float32 tensor of values in (low, high) that repeat only after many elements.
Tensor spreadTensor(const std::vector<int64_t>& shape, double low, double high, int64_t seed = 1);

struct DifferenceOptions {
  double step = 0.01;
  Tolerance tolerance = {1e-3, 2e-4};
};

/// Checks the gradient of sum(f(inputs) * c) with respect to every float32 input and every variable
/// against differences. The sum is taken in double, and the differences are of fourth order, so
/// that the step can be too wide for float32's rounding to matter.
void checkGradient(const std::vector<Tensor>& inputs, const GraphFunction& f,
                   const std::vector<Variable*>& variables = {}, DifferenceOptions options = {});

}  // namespace tabtrain::testing
