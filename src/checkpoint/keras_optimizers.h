#pragma once

#include <string_view>
#include <vector>

namespace tabtrain {

/// Where the newer generation of Keras optimizers keeps what OptimizerV2 called a slot
/// (tf_keras/src/optimizers/*.py, the `build` methods).
struct SlotLayout {
  const char* slot;           ///< OptimizerV2's slot name: "m"
  const char* listAttribute;  ///< tracked list of the newer class: "_momentums"
  const char* variableName;   ///< its variables are named <optimizer>/<this>/<variable>: "m"
  /// Slots of one round are created variable by variable, rounds one after the other.
  int round = 1;
  /// Lists that exist even if the optimizer does not use them: empty, or with variables. Without
  /// momentum the newer SGD leaves its last step in them and never reads it; zeros do as well.
  enum class Unused { Absent, EmptyList, Zeros } unused = Unused::Absent;
};

struct KerasOptimizer {
  const char* className;
  /// Scalars that OptimizerV2 stores, in the order of their names. Empty: no such class in 2.8.
  std::vector<const char*> hypers;
  std::vector<SlotLayout> slots;
  /// Whether slots mean the same in both generations, so that one can go on from the other's file.
  bool sameMeaning = false;
  /// A scalar variable of the newer class besides the learning rate, kept after its lists.
  const char* newScalar = nullptr;
};

/// The moving averages of `use_ema`, which only the newer generation has.
constexpr const char* kAverageSlot = "average";
/// Throws CorruptFile for a count of steps that nobody has done.
void requireIterations(int64_t iterations);
/// Whether the newer class calls the variables of a slot so: "velocity".
bool hasSlotVariable(const KerasOptimizer& row, std::string_view name);
/// Whether that of any optimizer does.
bool isSlotVariable(std::string_view name);
/// The row of a Keras optimizer class, or null.
const KerasOptimizer* findKerasOptimizer(std::string_view className);

}  // namespace tabtrain
