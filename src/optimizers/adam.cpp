#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// Kingma and Ba, 2014, with "epsilon hat" outside the bias correction; AMSGrad of Reddi et al.,
/// 2018. keras/optimizers/adam.py (2.11+), core/kernels/training_ops.cc (legacy).
class Adam : public Optimizer {
 public:
  explicit Adam(ConfigReader& reader) : Optimizer(reader, 0.001) {
    factor(reader, "beta_1", beta1_, 0.9);
    factor(reader, "beta_2", beta2_, 0.999);
    epsilon(reader, epsilon_);
    flag(reader, "amsgrad", amsgrad_);
    addSlot("m");
    addSlot("v");
    if (amsgrad_) addSlot("vhat");
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    Graph& graph = *step.count.graph;
    const Expr beta1Power = power(graph.constant(static_cast<float>(beta1_)), step.count);
    const Expr beta2Power = power(graph.constant(static_cast<float>(beta2_)), step.count);
    const Expr root = squareRoot(1.0f - beta2Power);
    const Expr alpha = step.learningRate * root / (1.0f - beta1Power);
    Expr epsilon = graph.constant(static_cast<float>(epsilon_));
    if (adaptiveEpsilon_) epsilon = epsilon * root;
    for (const Parameter& p : parameters) {
      const Expr m = p.read("m") + (p.gradient - p.read("m")) * oneMinus(beta1_);
      Expr v = p.read("v") + (square(p.gradient) - p.read("v")) * oneMinus(beta2_);
      p.assign("m", m);
      p.assign("v", v);
      if (amsgrad_) {
        v = maximum(p.read("vhat"), v);
        p.assign("vhat", v);
      }
      p.set(p.value - m * alpha / (squareRoot(v) + epsilon));
    }
  }

  bool adaptiveEpsilon_ = false;

 private:
  double beta1_;
  double beta2_;
  double epsilon_;
  bool amsgrad_;
};

/// The Adam of Keras 2.11 and later has one more key, which a config has only if it was given.
class PlainAdam : public Adam {
 public:
  explicit PlainAdam(ConfigReader& reader) : Adam(reader) {
    if (!isLegacy() && reader.has("adaptive_epsilon")) {
      flag(reader, "adaptive_epsilon", adaptiveEpsilon_);
    }
  }
};

/// Adam with a weight decay of its own: Loshchilov and Hutter, 2019. keras/optimizers/adamw.py.
class AdamW : public Adam {
 public:
  explicit AdamW(ConfigReader& reader) : Adam(reader) {
    refuseLegacy(reader);
    setWeightDecay(reader.number("weight_decay", 0.004, 0.0));
  }
};

}  // namespace

std::unique_ptr<Optimizer> makeAdam(ConfigReader& reader) {
  return std::make_unique<PlainAdam>(reader);
}
std::unique_ptr<Optimizer> makeAdamW(ConfigReader& reader) {
  return std::make_unique<AdamW>(reader);
}

}  // namespace tabtrain
