#pragma once

#include <optional>
#include <unordered_map>

#include "checkpoint/checkpoint_values.h"
#include "checkpoint/restore_plan.h"

namespace tabtrain {

/// A trainable variable of the model.
struct WantedTrainable {
  const NamedVariable* variable;
  /// Its node in the file, if it was found.
  std::optional<uint32_t> node;
};

/// Finds the optimizer's state below `optimizerNode` (nothing: the file has no optimizer) and
/// enters it into `plan`.
void matchOptimizer(CheckpointValues& values, std::optional<uint32_t> optimizerNode,
                    const OptimizerState& wanted, const std::vector<WantedTrainable>& trainables,
                    RestorePlan& plan);

}  // namespace tabtrain
