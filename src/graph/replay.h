#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "graph/expr.h"

namespace tabtrain {

/// Where a config keeps what was recorded of a class or function that the engine does not have.
constexpr const char* kRecorded = "recorded";

/// What a recording may ask of the object that it belongs to. Empty functions refuse.
struct ReplayContext {
  /// The weight of that name, null where there is none; "//0", "//1" ... are constant tensors.
  std::function<Variable*(const std::string& name)> weight;
  /// Random numbers of a distribution ("RandomUniform"), the `index`th of the recording; `seed` is
  /// null or the recording's own.
  std::function<Expr(const char* distribution, const Shape& shape, size_t index, const Json& seed)>
      random;
};

/// Adds a computation that was recorded elsewhere, by a layer or a loss in JavaScript:
///
///     {"nodes": [{"op", "in": [value...], "attrs"?: {...}}...], "outputs": [value...]}
///
/// Values are numbered: the inputs first, then what each node gives. Ops have TensorFlow's names;
/// axes may count from the end, and shapes are found here: a recording is made without them. The
/// ops that take attributes:
///
/// - Const {value}; Weight {name}; Assign {name}: in[0] after the step
/// - MatMul {transpose_a, transpose_b}: over the last two axes of a matrix, rows of the first
/// - Reshape {shape}: null is the batch, one -1 is what is left; Transpose {perm}; OneHot {depth}
/// - Sum, Mean, Max {axes, keep_dims}
/// - RandomUniform, RandomStandardNormal {shape, seed}: without a shape, numbers in that of in[0]
///
/// Throws InvalidArgument and ShapeMismatch, naming the op; Unsupported for an op that is not here.
std::vector<Expr> replay(Graph& graph, const Json& recording, const std::vector<Expr>& inputs,
                         const ReplayContext& context = {});

}  // namespace tabtrain
