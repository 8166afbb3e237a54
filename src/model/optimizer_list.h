#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "base/variable.h"
#include "optimizers/optimizer.h"

namespace tabtrain {

/// In which order the list of an optimizer's variables comes, as HDF5 files keep it: OptimizerV2's
/// `weights`, the `variables` of Keras 2.11 and later, those of Keras 3.
enum class OptimizerOrder { Legacy, New, Keras3 };

/// One of them.
struct ListedOptimizerVariable {
  std::string name;  ///< as Keras names it, without ":0"
  DType dtype = DType::Float32;
  std::vector<int64_t> sizes;
  /// Null of one that Keras has and never reads: zeros.
  Variable* variable = nullptr;
};

/// The list of an optimizer that is built for `trainable`. Throws Unsupported where the state means
/// something else in the generation of `order`.
std::vector<ListedOptimizerVariable> listOptimizerVariables(const Optimizer& optimizer,
                                                            const std::vector<Variable*>& trainable,
                                                            OptimizerOrder order);

/// Takes over such a list, tensors in its order; builds the optimizer where that is yet to be done.
/// Throws ShapeMismatch and leaves the optimizer as it was.
void restoreOptimizerVariables(Optimizer& optimizer, const std::vector<Variable*>& trainable,
                               OptimizerOrder order, const std::vector<TensorPtr>& values);

}  // namespace tabtrain
