#pragma once

#include <cstdint>
#include <string>

#include "layers/sequential.h"

namespace tabtrain {

/// Keras 2.8's table of a model's layers (keras/utils/layer_utils.py, `print_summary`), without a
/// final newline. `lineLength` 0 means Keras's 65. Throws InvalidArgument for a model that is not
/// built.
std::string summarize(const Sequential& network, int64_t lineLength);

}  // namespace tabtrain
