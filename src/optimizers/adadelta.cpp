#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// Zeiler, 2012: a = rho a + (1 - rho) g^2, u = g sqrt(d + epsilon) / sqrt(a + epsilon),
/// d = rho d + (1 - rho) u^2, w -= lr u. keras/optimizers/adadelta.py,
/// core/kernels/training_ops.cc.
class Adadelta : public Optimizer {
 public:
  explicit Adadelta(ConfigReader& reader) : Optimizer(reader, 0.001) {
    factor(reader, "rho", rho_, 0.95);
    epsilon(reader, epsilon_);
    addSlot("accum_grad");
    addSlot("accum_var");
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    const auto epsilon = static_cast<float>(epsilon_);
    const auto mix = [&](Expr old, Expr x) {
      return old * static_cast<float>(rho_) + square(x) * oneMinus(rho_);
    };
    for (const Parameter& p : parameters) {
      const Expr a = mix(p.read("accum_grad"), p.gradient);
      const Expr u =
          squareRoot(p.read("accum_var") + epsilon) * p.gradient / squareRoot(a + epsilon);
      p.assign("accum_grad", a);
      p.assign("accum_var", mix(p.read("accum_var"), u));
      p.set(p.value - u * step.learningRate);
    }
  }

 private:
  double rho_;
  double epsilon_;
};

}  // namespace

std::unique_ptr<Optimizer> makeAdadelta(ConfigReader& reader) {
  return std::make_unique<Adadelta>(reader);
}

}  // namespace tabtrain
