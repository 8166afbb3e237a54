#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// Kingma and Ba, 2014, with "epsilon hat" outside the bias correction; AMSGrad of Reddi et al.,
/// 2018. keras/optimizers/adam.py (2.11+), core/kernels/training_ops.cc (legacy).
class Adam : public Optimizer {
 public:
  explicit Adam(ConfigReader& reader)
      : Optimizer(reader, "Adam", 0.001),
        beta1_(reader.number("beta_1", 0.9, 0.0, 1.0)),
        beta2_(reader.number("beta_2", 0.999, 0.0, 1.0)),
        epsilon_(reader.number("epsilon", 1e-7, 0.0)),
        amsgrad_(reader.boolean("amsgrad", false)) {}

  const char* className() const override { return "Adam"; }

  std::vector<std::string> slotNames() const override {
    std::vector<std::string> names = {"m", "v"};
    if (amsgrad_) names.push_back("vhat");
    return names;
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    Graph& graph = *step.count.graph;
    const Expr beta1Power = power(graph.constant(static_cast<float>(beta1_)), step.count);
    const Expr beta2Power = power(graph.constant(static_cast<float>(beta2_)), step.count);
    const Expr alpha = step.learningRate * squareRoot(1.0f - beta2Power) / (1.0f - beta1Power);
    for (const Parameter& p : parameters) {
      const Expr m = p.read("m") + (p.gradient - p.read("m")) * oneMinus(beta1_);
      Expr v = p.read("v") + (square(p.gradient) - p.read("v")) * oneMinus(beta2_);
      p.assign("m", m);
      p.assign("v", v);
      if (amsgrad_) {
        v = maximum(p.read("vhat"), v);
        p.assign("vhat", v);
      }
      p.graph.assign(p.variable,
                     p.value - m * alpha / (squareRoot(v) + static_cast<float>(epsilon_)));
    }
  }
  std::vector<std::pair<const char*, double*>> ownHypers() override {
    return {{"beta_1", &beta1_}, {"beta_2", &beta2_}};
  }
  Json ownConfig() const override {
    return {{"beta_1", beta1_}, {"beta_2", beta2_}, {"epsilon", epsilon_}, {"amsgrad", amsgrad_}};
  }

 private:
  double beta1_;
  double beta2_;
  double epsilon_;
  bool amsgrad_;
};

}  // namespace

std::unique_ptr<Optimizer> makeAdam(ConfigReader& reader) { return std::make_unique<Adam>(reader); }

}  // namespace tabtrain
