#pragma once

#include <memory>

#include "graph/replay.h"
#include "layers/layer.h"

namespace tabtrain {

/// A layer whose class lives elsewhere, from its config with the key `recorded`:
///
///     {"weights": [{"name", "shape", "trainable"?, "initializer"?, "regularizer"?,
///     "constraint"?}...],
///      "inference": recording, "training": recording or null}
///
/// Recordings are those of `replay`, with one input and one output; without one for training, that
/// of inference serves both. The other keys of the config are the class's own, kept as they are.
std::unique_ptr<Layer> makeRecordedLayer(const ClassConfig& config);

}  // namespace tabtrain
