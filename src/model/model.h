#pragma once

#include <memory>
#include <string>
#include <vector>

#include "checkpoint/keras_checkpoint.h"
#include "checkpoint/restore_plan.h"
#include "layers/sequential.h"
#include "model/compiled.h"
#include "model/fit_run.h"
#include "model/inference_run.h"
#include "model/on_batch.h"
#include "model/optimizer_list.h"

namespace tabtrain {

/// A Keras model: layers, what `compile` chose, and the state of training. Owned by shared_ptr,
/// since its runs keep it alive. Every method that throws leaves it as it was.
class Model : public std::enable_shared_from_this<Model> {
 public:
  /// Of the config of a Sequential, built at once if it says its input shape; weights are drawn
  /// from streams under `seed`. Throws InvalidArgument, UnknownClass, Unsupported, ShapeMismatch.
  Model(const std::string& configJson, uint64_t seed);

  /// Makes the weights for inputs `[batch, sizes...]`; does nothing if there are any. Without sizes
  /// throws InvalidArgument, since then the first layer did not say its input shape.
  void build(const std::optional<std::vector<int64_t>>& sizes);
  void compile(const Json& json);
  bool isCompiled() const { return compiled_ != nullptr; }

  Sequential& network() const { return *network_; }
  /// What random numbers follow from besides the count of steps, and what else is neither a
  /// variable nor said by a config.
  struct Counters {
    uint64_t seed = 0;
    /// Passes over data whose order was drawn.
    int64_t shuffles = 0;
    /// A bit for each function that Keras would have compiled by now; it leaves its mark in a
    /// checkpoint.
    int64_t traced = 0;
  };
  const Counters& counters() const { return counters_; }
  void setCounters(const Counters& counters) { counters_ = counters; }
  uint64_t seed() const { return counters_.seed; }
  /// Freezes or unfreezes the layer at `path`, its place in the model and in models within, or the
  /// whole model where it is empty. As in Keras a run of `fit` goes by what was so at the first one
  /// after `compile`.
  void setTrainable(const std::vector<int64_t>& path, bool trainable);
  /// Lets the layer at `path` learn from data, as Keras's `layer.adapt`; builds the model for data
  /// of its first layer. Throws InvalidArgument, ShapeMismatch.
  void adapt(const std::vector<int64_t>& path, const Tensor& data);
  /// What `fit` trains.
  const std::vector<Variable*>& trainedWeights();
  /// Throws InvalidArgument before `compile`.
  std::shared_ptr<const Compiled> compiled() const;
  /// Counts training steps over all runs.
  Variable& step() { return step_; }
  /// The random numbers that order the next pass over the data.
  PhiloxStream nextShuffle();
  /// Those of the pass before.
  PhiloxStream lastShuffle() const;

  /// Names, shapes, counts and weights as JSON.
  Json describe() const;

  /// Of a built model, else InvalidArgument.
  std::vector<Variable*> weights() const;
  /// One tensor for each weight, in their order and shapes, else InvalidArgument, ShapeMismatch.
  void setWeights(const std::vector<TensorPtr>& values);

  // Data are lists as long as the model has inputs and outputs; a model without shapes is built for
  // the data's.
  std::shared_ptr<FitRun> fit(const FitOptions& options, const StepData& train,
                              const std::optional<StepData>& validation);
  std::shared_ptr<InferenceRun> evaluate(const InferenceOptions& options, const StepData& data);
  std::shared_ptr<InferenceRun> predict(const InferenceOptions& options, const TensorPtr& x);
  /// One step over all rows; as `OnBatch::run`.
  bool runOnBatch(const OnBatchOptions& options, const StepData& data);
  const OnBatch& onBatch() const { return onBatch_; }

  enum class Traced { Fit, Evaluate, Predict };
  void noteTraced(Traced function) { counters_.traced |= int64_t{1} << static_cast<int>(function); }
  bool isTraced(Traced function) const {
    return (counters_.traced >> static_cast<int>(function) & 1) != 0;
  }

  /// What `save_weights` writes; throws InvalidArgument for a model without weights.
  BundleFiles saveCheckpoint(OptimizerLayout layout) const;
  /// Takes over what the checkpoint holds of weights and optimizer; as `matchCheckpoint`.
  RestorePlan loadCheckpoint(const Bundle& bundle);
  /// The optimizer's variables as files list them; none before its first step.
  std::vector<ListedOptimizerVariable> optimizerVariables(OptimizerOrder order) const;
  void setOptimizerVariables(OptimizerOrder order, const std::vector<TensorPtr>& values);
  /// The forward pass for inputs `[batch, ...]` of the model, or of the layer at `path` within it,
  /// as `graphToJson`. Throws InvalidArgument for a model without weights.
  Json forwardGraph(const std::vector<int64_t>& path, bool training);

 private:
  Layer& layerAt(const std::vector<int64_t>& path) const;
  template <typename Start>
  auto start(const Tensor& x, Start&& begin);
  ModelState state(bool withBytes) const;
  /// `trainedWeights`, as they would be: asking does not settle them.
  std::vector<Variable*> weightsToTrain() const;

  std::unique_ptr<Sequential> network_;
  Counters counters_;
  std::vector<Variable*> trained_;  // empty: to be asked of the network
  std::shared_ptr<Compiled> compiled_;
  Variable step_;
  OnBatch onBatch_;
};

}  // namespace tabtrain
