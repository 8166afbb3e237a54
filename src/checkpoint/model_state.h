#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/dtype.h"
#include "checkpoint/bytes.h"

// What a model hands over to be saved, and the form in which a checkpoint's reader is told what the
// model wants: values only, no engine types.

namespace tabtrain {

/// A tensor somebody else owns: little-endian, C order, any alignment.
struct TensorView {
  DType dtype = DType::Float32;
  std::vector<int64_t> shape;
  ByteSpan bytes;
};

struct NamedVariable {
  /// Name within the layer object: "kernel"; "inner/kernel" of an object that it has.
  std::string attribute;
  std::string fullName;  ///< "dense/kernel"
  TensorView value;
  bool trainable = true;
};

struct LayerState {
  std::string name;
  /// In the order in which Keras creates them.
  std::vector<NamedVariable> variables;
  /// Attributes of the Keras layer that TensorFlow tracks although they hold no value; they come
  /// before the variables. BatchNormalization has "axis", most layers have none.
  std::vector<std::string> emptyChildren = {};
  /// Of a model within the model: its own layers.
  std::vector<LayerState> layers = {};

  bool hasVariables() const {
    return !variables.empty() || std::any_of(layers.begin(), layers.end(),
                                             [](const LayerState& l) { return l.hasVariables(); });
  }
};

/// Which of the two families of Keras optimizers: OptimizerV2 (Keras 2.8, `optimizers.legacy`) or
/// the one of Keras 2.11 and later. Their variables are stored in different places.
enum class OptimizerGeneration { Legacy, New };

struct OptimizerState {
  /// One value per trainable variable, in the order of the layers and their variables.
  struct Slot {
    std::string
        name;  ///< OptimizerV2's slot name, in both generations: "m", "v", "vhat", "momentum"
    std::vector<TensorView> values;
  };

  std::string className;  ///< "Adam"
  std::string name;       ///< prefix of its variables' names; "Adam" unless the user named it
  OptimizerGeneration generation = OptimizerGeneration::New;
  int64_t iterations = 0;
  /// Scalars by OptimizerV2's names, in any order: "learning_rate", "beta_1", "beta_2", "decay" ...
  /// The files of the newer generation keep only "learning_rate".
  std::vector<std::pair<std::string, float>> hypers;
  std::vector<Slot> slots;
  /// Whether the slots exist, that is, whether a training step has run.
  bool built = false;
};

struct ModelState {
  /// `model.layers` of Keras, that is, without InputLayer.
  std::vector<LayerState> layers;
  std::optional<OptimizerState> optimizer;
  /// Which functions Keras had compiled when it saved; each leaves an empty node in the file.
  bool fitted = false;
  bool evaluated = false;
  bool predicted = false;
  /// TensorFlow 2.9 and later let the root point at itself; 2.8 does not.
  bool rootEdge = true;
};

}  // namespace tabtrain
