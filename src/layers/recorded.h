#pragma once

#include <memory>

#include "graph/replay.h"
#include "layers/layer.h"

namespace tabtrain {

/// A layer whose class lives elsewhere, from its config with the key `recorded`:
///
///     {"weights": [{"name", "shape", "trainable"?, "initializer"?, "regularizer"?,
///                   "constraint"?}...],
///      "constants": [lists of numbers...]?,
///      "losses": [recording...]?, "inference": recording, "training": recording or null}
///
/// Recordings are those of `replay`, with one input and one output; without one for training, that
/// of inference serves both. Those of `losses` have no input: penalties on the weights. A weight of
/// an object that the layer has is named by its path, "inner/kernel"; constants are read as
/// weights named "//0", "//1" ... The other keys of the config
/// are the class's own, kept as they are.
std::unique_ptr<Layer> makeRecordedLayer(const ClassConfig& config);

}  // namespace tabtrain
