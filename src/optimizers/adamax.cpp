#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// Adam with the infinity norm (Kingma and Ba, 2014, section 7): v = max(beta_2 v, |g|),
/// w -= lr m / ((1 - beta_1^t) (v + epsilon)). keras/optimizers/adamax.py, where v is `u`.
class Adamax : public Optimizer {
 public:
  explicit Adamax(ConfigReader& reader) : Optimizer(reader, 0.001) {
    factor(reader, "beta_1", beta1_, 0.9);
    factor(reader, "beta_2", beta2_, 0.999);
    epsilon(reader, epsilon_);
    addSlot("m");
    addSlot("v");
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    Graph& graph = *step.count.graph;
    const Expr beta1Power = power(graph.constant(static_cast<float>(beta1_)), step.count);
    const Expr rate = step.learningRate / (1.0f - beta1Power);
    for (const Parameter& p : parameters) {
      const Expr m = p.read("m") + (p.gradient - p.read("m")) * oneMinus(beta1_);
      const Expr v = maximum(p.read("v") * static_cast<float>(beta2_), absolute(p.gradient));
      p.assign("m", m);
      p.assign("v", v);
      p.set(p.value - rate * (m / (v + static_cast<float>(epsilon_))));
    }
  }

 private:
  double beta1_;
  double beta2_;
  double epsilon_;
};

}  // namespace

std::unique_ptr<Optimizer> makeAdamax(ConfigReader& reader) {
  return std::make_unique<Adamax>(reader);
}

}  // namespace tabtrain
