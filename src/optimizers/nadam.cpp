#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// Adam with Nesterov's momentum, whose factor u_t = beta_1 (1 - 0.96^(c t) / 2) grows (Dozat,
/// 2015), P_t the product of all so far:
/// w -= lr (u_{t+1} m / (1 - P_t u_{t+1}) + (1 - u_t) g / (1 - P_t)) / (sqrt(v / (1 - beta_2^t)) +
/// epsilon). keras/optimizers/nadam.py; c is 1, and 0.004 in optimizer_v2/nadam.py.
///
/// Traced into a graph, the newer class multiplies P once for every variable instead of once a
/// step, since it counts the updates in a Python number. Here it is what that code says, and does
/// when it runs eagerly and in Keras 3.
class Nadam : public Optimizer {
 public:
  explicit Nadam(ConfigReader& reader)
      : Optimizer(reader, 0.001),
        product_(addScalar(isLegacy() ? "momentum_cache" : "u_product", 1.0f)) {
    factor(reader, "beta_1", beta1_, 0.9);
    factor(reader, "beta_2", beta2_, 0.999);
    epsilon(reader, epsilon_);
    addSlot("m");
    addSlot("v");
    if (!isLegacy()) return;
    if (reader.any("learning_rate").is_object()) {
      reader.fail("learning_rate", "a number, since the legacy Nadam takes no schedule");
    }
    // This class's decay is c, which is an argument under the first name and in its config under
    // the second.
    const double decay = reader.has("decay") ? decay_ : 0.004;
    decay_ = reader.number("schedule_decay", decay, 0.0);
    decaysRate_ = false;
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    Graph& graph = *step.count.graph;
    const auto momentum = [&](Expr count) {
      if (isLegacy()) count = count * static_cast<float>(decay_);
      return (1.0f - power(graph.constant(0.96f), count) * 0.5f) * static_cast<float>(beta1_);
    };
    const Expr u = momentum(step.count);
    const Expr nextU = momentum(step.count + 1.0f);
    const Expr product = graph.read(product_) * u;
    graph.assign(product_, product);
    const Expr momentumShare = nextU / (1.0f - product * nextU);
    const Expr gradientShare = (1.0f - u) / (1.0f - product);
    const Expr correction = 1.0f - power(graph.constant(static_cast<float>(beta2_)), step.count);
    for (const Parameter& p : parameters) {
      // Float32 throughout in both generations.
      const float rest1 = 1.0f - static_cast<float>(beta1_);
      const float rest2 = 1.0f - static_cast<float>(beta2_);
      const Expr m = p.read("m") + (p.gradient - p.read("m")) * rest1;
      const Expr v = p.read("v") + (square(p.gradient) - p.read("v")) * rest2;
      p.assign("m", m);
      p.assign("v", v);
      const Expr mean = m * momentumShare + p.gradient * gradientShare;
      p.set(p.value -
            mean * step.learningRate / (squareRoot(v / correction) + static_cast<float>(epsilon_)));
    }
  }

 private:
  Variable& product_;
  double beta1_;
  double beta2_;
  double epsilon_;
};

}  // namespace

std::unique_ptr<Optimizer> makeNadam(ConfigReader& reader) {
  return std::make_unique<Nadam>(reader);
}

}  // namespace tabtrain
