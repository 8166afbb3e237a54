#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/class_registry.h"
#include "graph/expr.h"

namespace tabtrain {

/// One optimizer: its update is ops in the training graph, its state named variables. Keras has two
/// generations of optimizers, with different formulas, configs and checkpoint layouts: the legacy
/// one is OptimizerV2 (up to 2.10, `optimizers.legacy` later), the newer one 2.11's. The config key
/// `is_legacy_optimizer` selects it, the newer where absent.
class Optimizer {
 public:
  /// Reads the keys that all optimizers share: name, learning_rate, decay, is_legacy_optimizer.
  Optimizer(ConfigReader& reader, const char* defaultName, double defaultLearningRate);
  virtual ~Optimizer() = default;

  virtual const char* className() const = 0;
  const std::string& name() const { return name_; }
  bool isLegacy() const { return isLegacy_; }
  Json toJson() const;

  Variable& iterations() const { return *iterations_; }
  Variable& learningRate() const { return *learningRate_; }

  /// The kinds of state that each trainable variable gets, in Keras's order of creation.
  virtual std::vector<std::string> slotNames() const = 0;
  /// The scalars that a legacy checkpoint holds, by Keras's names.
  std::vector<std::pair<std::string, double>> hypers() const;
  /// Takes over one of them for the steps that are recorded from now on. One that is 0 stays 0, as
  /// in Keras: the update was chosen without it.
  void setHyper(const std::string& name, double value);

  /// Creates the slots, zeroed. A second call for the same variables does nothing.
  void build(const std::vector<Variable*>& trainable);
  bool isBuilt() const { return isBuilt_; }
  /// Undoes a `build` that no step has used.
  void unbuild();
  /// One slot of each trainable variable, in their order; only when built.
  const std::vector<std::unique_ptr<Variable>>& slots(const std::string& slotName) const;

  /// Records the update of all variables from their gradients, and the count of iterations.
  void apply(Graph& graph, const std::vector<Variable*>& variables,
             const std::vector<Expr>& gradients);

 protected:
  /// One trainable variable in the step that is being recorded.
  struct Parameter {
    Graph& graph;
    Optimizer& optimizer;
    size_t index;
    Variable& variable;
    Expr value;
    Expr gradient;

    Variable& slot(const std::string& slotName) const { return *optimizer.slots(slotName)[index]; }
    Expr read(const std::string& slotName) const { return graph.read(slot(slotName)); }
    void assign(const std::string& slotName, Expr value) const {
      graph.assign(slot(slotName), value);
    }
  };

  /// The scalars of a step.
  struct Step {
    Expr learningRate;
    Expr count;  // iterations + 1
  };

  virtual void update(const Step& step, const std::vector<Parameter>& parameters) = 0;
  virtual Json ownConfig() const { return Json::object(); }
  /// Where an optimizer keeps its own part of `hypers`.
  virtual std::vector<std::pair<const char*, double*>> ownHypers() { return {}; }

  /// 1 - beta in float32: the legacy kernels subtract in float32, the new ones in double.
  float oneMinus(double beta) const;

 private:
  std::string name_;
  bool isLegacy_;
  double decay_;  // legacy: the rate is divided by 1 + decay * iterations
  std::unique_ptr<Variable> iterations_;
  std::unique_ptr<Variable> learningRate_;
  bool isBuilt_ = false;
  std::map<std::string, std::vector<std::unique_ptr<Variable>>> slots_;
};

/// From a name ("adam") or a config; throws UnknownClass, InvalidArgument.
std::unique_ptr<Optimizer> makeOptimizer(const Json& json);

}  // namespace tabtrain
