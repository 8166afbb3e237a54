#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/tensor.h"

namespace tabtrain {

/// Throws InvalidArgument, naming the value and where it stands, unless all of `targets` are whole
/// numbers in [0, classes), or `ignored`. `what` names the argument.
void checkClassIndices(const Tensor& targets, int64_t classes, std::optional<int64_t> ignored,
                       const std::string& what);

/// One float32 weight for each row: `sampleWeight` (null for ones) times the weight that
/// `classWeight`, a record from class numbers to weights (null for none), gives to the row's class,
/// which is its value or, of one-hot rows, the place of its largest (keras/engine/data_adapter.py).
/// Null where both are. `what` begins the sentence of an error. Throws InvalidArgument for a class
/// without weight and for targets of more than two axes, ShapeMismatch for anything but one weight
/// a row.
TensorPtr rowWeights(const TensorPtr& sampleWeight, const Json& classWeight, const Tensor& targets,
                     const std::string& what);

}  // namespace tabtrain
