#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// "Follow the regularized leader", McMahan et al., 2013. With p = -learning_rate_power and
/// a' = a + g^2: z += g + 2 shrinkage w - (a'^p - a^p) / lr w,
/// w = (clip(z, -l1, l1) - z) / (a'^p / lr + 2 (l2 + beta / (2 lr))).
/// keras/optimizers/ftrl.py, core/kernels/training_ops.cc.
class Ftrl : public Optimizer {
 public:
  explicit Ftrl(ConfigReader& reader) : Optimizer(reader, 0.001) {
    number(reader, "initial_accumulator_value", start_, 0.1, 0.0, kNoLimit);
    number(reader, "learning_rate_power", power_, -0.5, -kNoLimit, 0.0, Kind::Hyper);
    number(reader, "l1_regularization_strength", l1_, 0.0, 0.0, kNoLimit, Kind::Hyper);
    number(reader, "l2_regularization_strength", l2_, 0.0, 0.0, kNoLimit, Kind::Hyper);
    number(reader, "beta", beta_, 0.0, 0.0, kNoLimit, Kind::Hyper);
    number(reader, "l2_shrinkage_regularization_strength", shrinkage_, 0.0, 0.0, kNoLimit);
    addSlot("accumulator", start_);
    addSlot("linear");
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    const Expr rate = step.learningRate;
    const auto raise = [&](Expr a) {
      return power_ == -0.5 ? squareRoot(a)
                            : power(a, a.graph->constant(static_cast<float>(-power_)));
    };
    Expr l2 = rate.graph->constant(static_cast<float>(l2_));
    if (beta_ != 0.0) l2 = l2 + static_cast<float>(beta_) / (rate * 2.0f);
    const auto l1 = static_cast<float>(l1_);
    for (const Parameter& p : parameters) {
      Expr g = p.gradient;
      if (shrinkage_ != 0.0) g = g + p.value * static_cast<float>(2.0 * shrinkage_);
      const Expr old = p.read("accumulator");
      const Expr a = old + square(p.gradient);
      const Expr z = p.read("linear") + (g - (raise(a) - raise(old)) / rate * p.value);
      p.assign("accumulator", a);
      p.assign("linear", z);
      const Expr kept = l1 == 0.0f ? -z : clip(z, -l1, l1) - z;
      p.set(kept / (raise(a) / rate + l2 * 2.0f));
    }
  }

 private:
  double start_;
  double power_;
  double l1_;
  double l2_;
  double beta_;
  double shrinkage_;
};

}  // namespace

std::unique_ptr<Optimizer> makeFtrl(ConfigReader& reader) { return std::make_unique<Ftrl>(reader); }

}  // namespace tabtrain
