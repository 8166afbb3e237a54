#pragma once

#include <string>

#include "checkpoint/bundle.h"
#include "checkpoint/model_state.h"

// The checkpoint that Keras 2's `model.save_weights(prefix)` writes:
//   root            := layer_with_weights-<k> and layer-<i> per layer, optimizer?,
//                      train_tf_function? train_function? test_function? predict_function?, root?
//   layer           := variables by attribute name
//   OptimizerV2     := iter, scalars in the order of their names; slot variables
//   newer optimizer := _variables { 0 = iteration, 1.. = slots }, _iterations, _learning_rate,
//                      _index_dict {}, one list per slot

namespace tabtrain {

/// In which generation's form the optimizer is written; `Auto` is the state's own.
enum class OptimizerLayout { Auto, Legacy, New, None };

/// The same bytes as TensorFlow writes for the same state. Throws InvalidArgument for a state that
/// contradicts itself, Unsupported for an optimizer whose slots mean something else in the other
/// generation.
BundleFiles writeCheckpoint(const ModelState& state,
                            OptimizerLayout layout = OptimizerLayout::Auto);

/// Writes a checkpoint again: the same tensors in the same order, in one shard, with its object
/// graph parsed and serialized. Throws as `Bundle` does.
BundleFiles rewrite(const Bundle& bundle);

}  // namespace tabtrain
