#pragma once

#include "graph/replay.h"
#include "initializers/initializer.h"

namespace tabtrain {

/// An initializer that lives elsewhere, from its config with the key `recorded`: a recording for
/// `replay` without inputs for each shape of weight, {"784,10": recording...}, whose result
/// is a number or of that shape; null where it is not known here, for weights whose values come
/// from a file. The other keys are the class's own; without any, the config is the name alone, as
/// Keras keeps functions.
std::unique_ptr<Initializer> makeRecordedInitializer(const ClassConfig& config);

}  // namespace tabtrain
