#pragma once

#include <vector>

#include "base/json.h"
#include "graph/graph.h"

namespace tabtrain {

/// A graph as JSON, for those who write it in another form:
///
///     {"values": [[dtype, shape]...], "inputs": [value...], "outputs": [value...],
///      "nodes": [{"op", "in": [value...], "out": [value...], "attrs": {...},
///                 "variable": path, "tensor": {"shape", "values"}}...]}
///
/// `variable` is there of nodes that read or assign one, `tensor` where that is a constant.
/// An extent below zero is so many times the batch, -1 the batch itself. A number that JSON lacks
/// is its name, "Infinity", "-Infinity" or "NaN". Nodes come in an order in which each follows what
/// it reads.
Json graphToJson(const Graph& graph, const std::vector<Expr>& outputs);

}  // namespace tabtrain
