#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// Duchi et al., 2011: a += g^2, w -= lr g / sqrt(a + epsilon); the legacy kernel adds epsilon to
/// the root. keras/optimizers/adagrad.py, core/kernels/training_ops.cc.
class Adagrad : public Optimizer {
 public:
  explicit Adagrad(ConfigReader& reader) : Optimizer(reader, 0.001) {
    number(reader, "initial_accumulator_value", start_, 0.1, 0.0, kNoLimit);
    epsilon(reader, epsilon_);
    addSlot("accumulator", start_);
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    const auto epsilon = static_cast<float>(epsilon_);
    for (const Parameter& p : parameters) {
      const Expr a = p.read("accumulator") + square(p.gradient);
      p.assign("accumulator", a);
      const Expr root = isLegacy() ? squareRoot(a) + epsilon : squareRoot(a + epsilon);
      p.set(p.value - p.gradient * step.learningRate / root);
    }
  }

 private:
  double start_;
  double epsilon_;
};

}  // namespace

std::unique_ptr<Optimizer> makeAdagrad(ConfigReader& reader) {
  return std::make_unique<Adagrad>(reader);
}

}  // namespace tabtrain
