#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// Chen et al., 2023: w -= lr sign(beta_1 m + (1 - beta_1) g), m = beta_2 m + (1 - beta_2) g.
/// keras/optimizers/lion.py.
class Lion : public Optimizer {
 public:
  explicit Lion(ConfigReader& reader) : Optimizer(reader, 0.0001) {
    refuseLegacy(reader);
    factor(reader, "beta_1", beta1_, 0.9);
    if (beta1_ == 0.0) reader.fail("beta_1", "a number above 0, up to 1");
    factor(reader, "beta_2", beta2_, 0.99);
    addSlot("momentum");
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    const auto mix = [](const Parameter& p, double beta) {
      const auto factor = static_cast<float>(beta);
      return p.read("momentum") * factor + p.gradient * (1.0f - factor);
    };
    for (const Parameter& p : parameters) {
      p.assign("momentum", mix(p, beta2_));
      p.set(p.value - sign(mix(p, beta1_)) * step.learningRate);
    }
  }

 private:
  double beta1_;
  double beta2_;
};

}  // namespace

std::unique_ptr<Optimizer> makeLion(ConfigReader& reader) { return std::make_unique<Lion>(reader); }

}  // namespace tabtrain
