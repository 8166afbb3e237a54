#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checkpoint/bundle.h"
#include "checkpoint/model_state.h"

namespace tabtrain {

struct RestoredTensor {
  std::string key;   ///< in the file
  TensorView value;  ///< a view of the bundle's data, or of what the plan has converted
};

struct RestoredVariable {
  std::string fullName;
  std::optional<RestoredTensor> stored;  ///< nothing: not in the file
};

/// What a file holds of the optimizer; whatever is missing in it is left as it was.
struct RestoredOptimizer {
  struct Slot {
    std::string name;  ///< as in `OptimizerState::Slot`
    std::vector<std::optional<RestoredTensor>> values;
  };
  OptimizerGeneration fileGeneration = OptimizerGeneration::New;
  std::optional<int64_t> iterations;
  /// Those of the wanted state's `hypers` that are in the file.
  std::vector<std::pair<std::string, float>> hypers;
  /// One for each of the wanted state's slots.
  std::vector<Slot> slots;
};

struct RestorePlan {
  /// One for each variable of the model, in the order of the layers and their variables.
  std::vector<RestoredVariable> variables;
  /// Nothing: the file holds no state of such an optimizer, or none was wanted.
  std::optional<RestoredOptimizer> optimizer;
  std::vector<std::string> restored;       ///< variables, by the names they have in TensorFlow
  std::vector<std::string> missingInFile;  ///< likewise
  std::vector<std::string> unusedInFile;   ///< keys
  std::vector<std::string> notes;          ///< sentences on what was converted
  std::vector<Bytes> converted;            ///< the bytes of values that were
};

/// Finds in a checkpoint what a model wants, as TensorFlow's `load_weights` does
/// (tensorflow/python/checkpoint/restore.py): from the root of the object graph, or from its child
/// `model` as `tf.train.Checkpoint(model=...)` writes it, along the names of layers and attributes.
/// Keys and node numbers are free.
///
/// `wanted` is a state whose tensors need no bytes; its optimizer lists the slots and hypers that
/// it can take, built or not. Both generations of optimizer state are read. A file of the other
/// generation is taken over where slots mean the same in both (TensorFlow raises, or leaves them
/// out); state of another optimizer class is left out.
///
/// Everything is verified before this returns, checksums of unused tensors included, so that the
/// caller can copy without failing half way. Throws CorruptFile; ShapeMismatch naming the variable,
/// what it wants and what came; InvalidArgument when no variable of the model is in the file;
/// Unsupported for a file without object graph or optimizer state that cannot be converted.
RestorePlan matchCheckpoint(const Bundle& bundle, const ModelState& wanted);

}  // namespace tabtrain
