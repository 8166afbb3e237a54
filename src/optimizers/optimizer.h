#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/class_registry.h"
#include "graph/expr.h"
#include "optimizers/gradient_clipping.h"
#include "optimizers/schedule.h"

namespace tabtrain {

/// One optimizer: its update is ops in the training graph, its state named variables. Keras has two
/// generations of optimizers, with different formulas, configs and checkpoint layouts: the legacy
/// one is OptimizerV2 (up to 2.10, `optimizers.legacy` later), the newer one 2.11's. The config key
/// `is_legacy_optimizer` selects it, the newer where absent.
class Optimizer {
 public:
  /// What the new value of a weight becomes before it is assigned.
  using Constrain = std::function<Expr(const Variable& weight, Expr value)>;

  /// Reads the keys that all optimizers share.
  Optimizer(ConfigReader& reader, double defaultLearningRate);
  virtual ~Optimizer() = default;

  const std::string& className() const { return className_; }
  const std::string& name() const { return name_; }
  bool isLegacy() const { return isLegacy_; }
  Json toJson() const;

  Variable& iterations() const { return *iterations_; }
  /// With a schedule: the rate of the last step.
  Variable& learningRate() const { return *learningRate_; }
  bool hasSchedule() const { return schedule_.has_value(); }
  /// The state that is no slot, such as Nadam's product of momenta; most have none.
  Variable* scalar() const { return scalar_.get(); }
  /// The rate of the next step, as far as it is constant or the schedule's.
  double currentLearningRate() const;

  /// The kinds of state that each trainable variable gets, in Keras's order of creation.
  std::vector<std::string> slotNames() const;
  /// The scalars that a checkpoint may hold, by Keras's names.
  std::vector<std::pair<std::string, double>> hypers() const;
  /// Takes over one of them for the steps that are recorded from now on. A momentum or decay of 0
  /// stays 0, as in Keras: the update was chosen without it. Throws InvalidArgument for the
  /// learning rate where there is a schedule.
  void setHyper(const std::string& name, double value);

  /// Creates the slots. A second call for the same variables does nothing.
  void build(const std::vector<Variable*>& trainable);
  bool isBuilt() const { return isBuilt_; }
  /// Undoes a `build` that no step has used.
  void unbuild();
  /// One slot of each trainable variable, in their order; only when built.
  const std::vector<std::unique_ptr<Variable>>& slots(std::string_view slotName) const;

  /// All state, slots once they are built.
  void addVariables(std::vector<Variable*>& list) const;

  /// Records the update of all variables from their gradients, and the count of iterations.
  void apply(Graph& graph, const std::vector<Variable*>& variables,
             const std::vector<Expr>& gradients, const Constrain& constrain = {});
  /// What Keras does after the last epoch: with `use_ema`, the weights become their averages.
  void finalize(const std::vector<Variable*>& trainable) const;

 protected:
  /// The scalars of a step.
  struct Step {
    Expr learningRate;
    Expr count;  // iterations + 1
    const Constrain& constrain;
  };

  /// One trainable variable in the step that is being recorded.
  struct Parameter {
    const Step& step;
    Optimizer& optimizer;
    size_t index;
    Variable& variable;
    Expr value;
    Expr gradient;

    Expr read(const char* slotName) const;
    void assign(const char* slotName, Expr newValue) const;
    /// Assigns the variable itself: averaged and constrained, where that was asked for.
    void set(Expr newValue) const;
  };

  virtual void update(const Step& step, const std::vector<Parameter>& parameters) = 0;

  static constexpr double kNoLimit = std::numeric_limits<double>::infinity();

  // For constructors, in the order in which Keras writes the keys. The class keeps the values.

  /// Reads a number of the class's own. `Hyper` is one that legacy checkpoints hold as a scalar.
  enum class Kind { Plain, Hyper };
  void number(ConfigReader& reader, const char* key, double& value, double fallback, double min,
              double max, Kind kind = Kind::Plain);
  /// A factor from 0 to 1, such as beta_1, which is a hyper.
  void factor(ConfigReader& reader, const char* key, double& value, double fallback);
  void epsilon(ConfigReader& reader, double& value);
  void flag(ConfigReader& reader, const char* key, bool& value);
  void setWeightDecay(double value) { weightDecay_ = value; }
  /// Of a class that came after 2.8.
  void refuseLegacy(const ConfigReader& reader) const;
  /// A kind of state for each variable, filled with `start`.
  void addSlot(const char* name, double start = 0.0);
  /// One more float32 [] that checkpoints hold.
  Variable& addScalar(const char* name, float start);

  /// 1 - beta in float32: the legacy kernels subtract in float32, the new ones in double.
  float oneMinus(double beta) const;

  /// Legacy: the rate is divided by 1 + decay * iterations.
  double decay_ = 0.0;
  bool decaysRate_ = true;
  /// Of the moving averages: every so many steps the weights become their averages; 0 is never.
  int64_t overwriteFrequency_ = 0;

 private:
  using Slots = std::vector<std::unique_ptr<Variable>>;
  struct SlotKind {
    const char* name;
    float start;
    Slots variables;  // one of each trainable variable
  };
  /// A key of the class's own and where the class keeps its value.
  struct Own {
    const char* key;
    double* number;
    bool* flag;
    Kind kind;
  };

  std::span<const Own> own() const { return {own_, ownCount_}; }
  std::span<SlotKind> slotKinds() { return {slotKinds_, slotCount_}; }
  std::span<const SlotKind> slotKinds() const { return {slotKinds_, slotCount_}; }
  void add(const Own& own) { own_[ownCount_++] = own; }

  std::string className_;
  std::string name_;
  bool isLegacy_;
  GradientClipping clipping_;
  /// Newer: the part of a weight that a step of rate 1 takes away.
  std::optional<double> weightDecay_;
  bool usesAverages_ = false;
  double averageMomentum_ = 0.99;
  bool jitCompile_ = false;
  Own own_[8];
  size_t ownCount_ = 0;
  std::unique_ptr<Variable> iterations_;
  std::unique_ptr<Variable> learningRate_;
  std::optional<Schedule> schedule_;
  std::unique_ptr<Variable> scalar_;
  bool isBuilt_ = false;
  SlotKind slotKinds_[4];
  size_t slotCount_ = 0;
};

/// From a name ("adam") or a config; throws UnknownClass, InvalidArgument.
std::unique_ptr<Optimizer> makeOptimizer(const Json& json);
/// Keras's names of all classes.
std::vector<std::string> optimizerNames();

}  // namespace tabtrain
