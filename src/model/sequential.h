#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "layers/layer.h"

namespace tabtrain {

/// The layers of a model, one after the other: names, shapes, weights. As in Keras the InputLayer
/// is not one of `layers()`; unlike in Keras automatic names are counted per model, so that they do
/// not depend on what else was made.
class Sequential {
 public:
  /// From `{"class_name": "Sequential", "config": {"name", "layers"}}`; built at once if the first
  /// layer says its input shape. Weights are drawn from streams under `seed`. Throws
  /// InvalidArgument, UnknownClass, Unsupported, ShapeMismatch.
  Sequential(const Json& json, uint64_t seed);

  const std::string& name() const { return name_; }
  bool isBuilt() const { return isBuilt_; }
  uint64_t seed() const { return seed_; }

  /// Gives the layers their shapes and weights for inputs `[batch, sizes...]`. Throws
  /// ShapeMismatch and leaves the model unbuilt.
  void build(const std::vector<int64_t>& sizes);
  /// Undoes a `build` that nothing has used yet.
  void unbuild();

  /// Adds the ops of all layers.
  Expr call(const CallContext& context, Expr x) const;

  const std::vector<std::unique_ptr<Layer>>& layers() const { return layers_; }
  /// One for each layer; only when built.
  const std::vector<Shape>& outputShapes() const { return outputShapes_; }
  const std::optional<std::vector<int64_t>>& inputSizes() const { return inputSizes_; }
  const std::string& inputName() const { return inputName_; }

  /// Keras's `model.weights`: layer by layer, each one's trainable ones first.
  std::vector<Variable*> weights() const;
  std::vector<Variable*> trainableWeights() const;

  struct ParamCounts {
    int64_t total = 0;
    int64_t trainable = 0;
  };
  ParamCounts countParams() const;

  /// `{"class_name": "Sequential", "config": ...}` as Keras's `to_json` has it.
  Json toJson() const;

 private:
  void readLayers(const Json& list);
  void nameLayers();
  std::vector<std::unique_ptr<Layer>> makeLayers() const;

  std::string name_;
  uint64_t seed_;
  std::vector<ClassConfig> configs_;  // without the InputLayer, with names
  std::string inputName_;
  std::vector<std::unique_ptr<Layer>> layers_;
  bool isBuilt_ = false;
  std::optional<std::vector<int64_t>> inputSizes_;
  std::vector<Shape> outputShapes_;
};

}  // namespace tabtrain
