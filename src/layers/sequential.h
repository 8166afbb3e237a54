#pragma once

#include <memory>
#include <string>
#include <vector>

#include "layers/layer.h"

namespace tabtrain {

/// Layers one after the other: a whole model, or a layer of another one. As in Keras the InputLayer
/// is not one of `sublayers()`; unlike in Keras automatic names are counted per model, so that they
/// do not depend on what else was made.
class Sequential : public Layer {
 public:
  /// Of the config of a layer within a model, whose layers all have names.
  explicit Sequential(ConfigReader& reader);

  const char* className() const override { return "Sequential"; }
  Json config() const override;
  void setTrainable(bool trainable) override;
  std::vector<Variable*> orderedWeights() const override;
  const std::vector<std::unique_ptr<Layer>>& sublayers() const override { return layers_; }
  std::vector<Variable*> trainableWeights() const;

  /// As a whole model: gives the layers their shapes and weights for inputs `[batch, sizes...]`.
  /// Throws ShapeMismatch and leaves the model unbuilt.
  void buildModel(const std::vector<int64_t>& sizes, uint64_t seed);
  /// Undoes a `build` that nothing has used yet.
  void unbuild();

  Expr call(const CallContext& context, Expr x) override;

  const std::string& inputName() const { return inputName_; }

  struct ParamCounts {
    int64_t total = 0;
    int64_t trainable = 0;
  };
  ParamCounts countParams() const;

 protected:
  void build(const Shape& input) override;

 private:
  void readLayers(const Json& list);
  /// New layers of the configs, as trainable as those that they replace.
  std::vector<std::unique_ptr<Layer>> makeLayers() const;

  std::vector<ClassConfig> configs_;  // without the InputLayer
  std::string inputName_;
  bool saysInput_ = false;
  std::vector<std::unique_ptr<Layer>> layers_;
};

/// The model of a config `{"class_name": "Sequential", "config": {"name", "layers"}}`, its layers
/// and those of models within named as Keras counts them. Throws InvalidArgument, UnknownClass,
/// Unsupported.
std::unique_ptr<Sequential> readModel(const Json& json);

}  // namespace tabtrain
