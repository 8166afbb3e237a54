#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "checkpoint/bundle.h"
#include "checkpoint/model_state.h"
#include "checkpoint/restore_plan.h"

namespace tabtrain::testing {

/// The bytes of a file below the tests directory; throws if there is none.
Bytes readTestFile(const std::string& path);

/// PREFIX.index and PREFIX.data-00000-of-00001 below the tests directory.
BundleFiles readTestBundle(const std::string& prefix);

/// The code of the Error that `run` throws; fails the test and gives Internal when it throws none.
ErrorCode codeOf(const std::function<void()>& run, std::string* message = nullptr);

/// Owns the values of a state under construction.
class TensorPool {
 public:
  /// Element i is start + i / 8.
  TensorView floats(std::vector<int64_t> shape, float start);
  TensorView copy(const TensorView& view);

 private:
  std::deque<Bytes> storage_;
};

/// Two Dense layers with a Dropout between them; `values` start at 1, slots m at -2, v at 16: the
/// model of data/mini.
ModelState miniModel(TensorPool& pool);
/// Its Adam after 1600 steps.
OptimizerState miniAdam(TensorPool& pool, OptimizerGeneration generation);

/// A state without values, for matching.
ModelState withoutValues(ModelState state);

/// The state that `plan` found for `wanted`; the optimizer counts as built if it was found.
ModelState restoredState(const ModelState& wanted, const RestorePlan& plan);

/// Little-endian float32s.
std::vector<float> toFloats(ByteSpan bytes);

}  // namespace tabtrain::testing
