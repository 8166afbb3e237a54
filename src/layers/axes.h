#pragma once

#include <string>
#include <vector>

#include "base/config_reader.h"
#include "graph/expr.h"

namespace tabtrain {

/// The `axis` of a config, which must be an integer or a list of integers; `fallback` where absent.
Json readAxes(ConfigReader& reader, const Json& fallback);

/// Those axes of a tensor of `shape`, counted from the front, in the order given. Throws
/// ShapeMismatch, in the name of `layer`, unless they are different ones behind the batch.
std::vector<size_t> resolveAxes(const Json& axes, const Shape& shape, const std::string& layer);

/// A weight whose axes are `axes` of a tensor of `shape`, in the order given, in a shape that
/// broadcasts to that tensor.
Expr alongAxes(Expr weight, const std::vector<size_t>& axes, const Shape& shape);

/// `shape` with 1 for every axis that is not one of `axes`.
Shape onlyAxes(const Shape& shape, const std::vector<size_t>& axes);

/// Sum and mean over any set of axes, which stay as 1.
Expr sumOver(Expr x, std::vector<size_t> axes);
Expr meanOver(Expr x, const std::vector<size_t>& axes);

}  // namespace tabtrain
