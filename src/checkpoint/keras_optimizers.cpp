#include "checkpoint/keras_optimizers.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace tabtrain {
namespace {

using Unused = SlotLayout::Unused;

/// Made by the base class, before the slots of the class itself.
constexpr SlotLayout kAverage = {kAverageSlot, "_model_variables_moving_average", "average", 0};

const std::vector<SlotLayout>& adamSlots() {
  static const std::vector<SlotLayout> slots = {kAverage,
                                                {"m", "_momentums", "m"},
                                                {"v", "_velocities", "v"},
                                                {"vhat", "_velocity_hats", "vhat", 2}};
  return slots;
}

const std::vector<KerasOptimizer>& rows() {
  static const std::vector<KerasOptimizer> table = {
      {"SGD",
       {"decay", "learning_rate", "momentum"},
       {kAverage, {"momentum", "momentums", "m", 1, Unused::Zeros}},
       true},
      {"Adam", {"beta_1", "beta_2", "decay", "learning_rate"}, adamSlots(), true},
      {"AdamW", {}, adamSlots()},
      {"Adamax",
       {"beta_1", "beta_2", "decay", "learning_rate"},
       {kAverage, {"m", "_m", "m"}, {"v", "_u", "u"}},
       true},
      {"Nadam",
       {"beta_1", "beta_2", "decay", "learning_rate", "momentum_cache"},
       {kAverage, {"m", "_momentums", "m"}, {"v", "_velocities", "v"}},
       false,
       "u_product"},
      {"RMSprop",
       {"decay", "learning_rate", "momentum", "rho"},
       {kAverage,
        {"rms", "_velocities", "velocity"},
        {"momentum", "_momentums", "momentum", 2, Unused::EmptyList},
        {"mg", "_average_gradients", "average_gradient", 3, Unused::EmptyList}}},
      {"Adagrad",
       {"decay", "learning_rate"},
       {kAverage, {"accumulator", "_accumulators", "accumulator"}}},
      {"Adadelta",
       {"decay", "learning_rate", "rho"},
       {kAverage,
        {"accum_grad", "_accumulated_grads", "accumulated_grad"},
        {"accum_var", "_accumulated_delta_vars", "accumulated_delta_var"}},
       true},
      {"Ftrl",
       {"beta", "decay", "l1_regularization_strength", "l2_regularization_strength",
        "learning_rate", "learning_rate_power"},
       {kAverage,
        {"accumulator", "_accumulators", "accumulator"},
        {"linear", "_linears", "linear"}}},
      {"Lion", {}, {kAverage, {"momentum", "momentums", "m"}}},
  };
  return table;
}

}  // namespace

void requireIterations(int64_t iterations) {
  require(
      iterations >= 0 && iterations <= int64_t{1} << 53,
      [&] { return "the optimizer has done " + std::to_string(iterations) + " iterations"; },
      ErrorCode::CorruptFile);
}

bool isSlotVariable(std::string_view name) {
  return std::ranges::any_of(rows(),
                             [&](const KerasOptimizer& row) { return hasSlotVariable(row, name); });
}

bool hasSlotVariable(const KerasOptimizer& row, std::string_view name) {
  return std::ranges::any_of(row.slots,
                             [&](const SlotLayout& slot) { return name == slot.variableName; });
}

const KerasOptimizer* findKerasOptimizer(std::string_view className) {
  for (const KerasOptimizer& row : rows()) {
    if (className == row.className) return &row;
  }
  return nullptr;
}

}  // namespace tabtrain
