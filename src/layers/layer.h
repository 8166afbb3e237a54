#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/class_registry.h"
#include "base/tensor.h"
#include "graph/expr.h"
#include "layers/weight_options.h"

namespace tabtrain {

/// What a layer sees while it is recorded into a graph.
struct CallContext {
  Graph& graph;
  bool training;
  /// The int64 counter of training steps: random layers draw from their stream at its value.
  Variable& step;
  uint64_t seed;
  /// Takes what layers add to the loss; null where there is none.
  std::vector<Expr>* losses = nullptr;

  /// Adds the penalty on a layer's output `y` [batch, ...] to the loss, a sample's share of it as
  /// Keras has it. `regularizer` may be null.
  void addActivityLoss(const Regularizer* regularizer, Expr y) const;
};

/// A layer that learns from data before training, such as Normalization.
class Adaptable {
 public:
  virtual ~Adaptable() = default;
  /// Writes a row of data as float32.
  using ReadRow = void (*)(const Tensor& data, int64_t row, float* out);
  /// Forgets what it knew and learns from `data`. Only once built. Throws ShapeMismatch, and
  /// InvalidArgument for a layer that cannot.
  virtual void adapt(const Tensor& data, ReadRow read) = 0;
};

/// One layer: config in, weights, ops, config out. It is described once; what runs is the graph
/// that `call` records.
class Layer {
 public:
  /// Reads the keys that all layers share: name, trainable, dtype, batch_input_shape.
  explicit Layer(ConfigReader& reader);
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  virtual const char* className() const = 0;
  /// Keras's config: the shared keys, then `ownConfig`.
  virtual Json config() const;
  Json toJson() const { return ClassConfig{className(), config()}.toJson(); }

  const std::string& name() const { return name_; }
  bool trainable() const { return trainable_; }
  /// Freezes or unfreezes the weights; those that never train stay as they are.
  virtual void setTrainable(bool trainable);
  /// The input shape that the config fixes: the extents behind the batch.
  const std::optional<std::vector<int64_t>>& inputSizes() const { return inputSizes_; }

  /// Creates the weights for an input shape. `path` is structural ("layers/0"); weights are filled
  /// from the streams `path/NAME` under `seed`.
  void buildAt(const std::string& path, const Shape& input, uint64_t seed);
  bool isBuilt() const { return isBuilt_; }
  /// What it was built for; a scalar's before that.
  const Shape& inputShape() const { return inputShape_; }
  /// What `call` gives for the input that it was built for; a scalar's before that.
  const Shape& outputShape() const { return outputShape_; }
  void setOutputShape(const Shape& shape) { outputShape_ = shape; }
  const std::string& path() const { return path_; }

  /// Adds the layer's ops; throws ShapeMismatch for an input that it cannot take.
  virtual Expr call(const CallContext& context, Expr x) = 0;

  /// Its own, in Keras's order of creation.
  const std::vector<std::unique_ptr<Variable>>& weights() const { return weights_; }
  /// Keras's `layer.weights`: the trainable ones first, those of layers within layer by layer.
  virtual std::vector<Variable*> orderedWeights() const;
  int64_t countParams() const;
  /// The layers that it consists of, in order; most have none.
  virtual const std::vector<std::unique_ptr<Layer>>& sublayers() const;
  /// Adds the penalties on the weights to `losses`.
  virtual void addWeightLosses(Graph& graph, std::vector<Expr>& losses) const;
  /// `value` of one of the weights as its constraint lets it be.
  Expr constrain(const Variable& weight, Expr value) const;
  /// Null of a layer that is not.
  virtual Adaptable* adaptable() { return nullptr; }
  /// Attributes of Keras's layer that TensorFlow tracks although they hold no value: a checkpoint
  /// has an empty node for each.
  virtual std::vector<std::string> trackedAttributes() const { return {}; }

 protected:
  uint64_t seed() const { return seed_; }
  void setInputSizes(std::optional<std::vector<int64_t>> sizes) { inputSizes_ = std::move(sizes); }
  void setUnbuilt() { isBuilt_ = false; }
  virtual void build(const Shape& /*input*/) {}
  virtual Json ownConfig() const { return Json::object(); }
  /// Only in `build`. What the weight is made with must live as long as the layer.
  Variable& addWeight(const std::string& name, const std::vector<int64_t>& sizes,
                      const WeightOptions& options);
  Variable& addWeight(const std::string& name, const std::vector<int64_t>& sizes,
                      const Initializer& initializer, bool trainable = true);
  /// An int64 [] that starts at 0 and does not train.
  Variable& addCounter(const std::string& name);

 private:
  Variable& addVariable(const std::string& name, DType dtype, const std::vector<int64_t>& sizes,
                        bool trainable, const Variable::Fill& fill);

  std::string name_;
  bool trainable_;
  std::optional<std::vector<int64_t>> inputSizes_;
  std::string path_;
  uint64_t seed_ = 0;
  bool isBuilt_ = false;
  Shape inputShape_;
  Shape outputShape_;
  std::vector<std::unique_ptr<Variable>> weights_;
  /// Of each weight.
  struct Traits {
    const Regularizer* regularizer;
    const Constraint* constraint;
  };
  std::vector<Traits> traits_;
};

/// The layer of a config; throws UnknownClass, InvalidArgument.
std::unique_ptr<Layer> makeLayer(const ClassConfig& config);

std::vector<std::string> layerNames();

/// Snake case of a class name, as Keras numbers layers: "BatchNormalization" ->
/// "batch_normalization".
std::string snakeCase(const std::string& className);

/// Parses Keras's `batch_input_shape`, `[null, 784]`: the extents behind the batch. A fixed batch,
/// `[8, 784]`, is taken as any: plans hold for all sizes.
std::vector<int64_t> parseBatchShape(const Json& json, const std::string& what);

/// `[null, 784]`.
Json batchShapeJson(const std::vector<int64_t>& sizes);

}  // namespace tabtrain
