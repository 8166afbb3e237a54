#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// Hinton, 2012: s = rho s + (1 - rho) g^2, d = s, or centered s minus the square of g's own mean;
/// w -= lr g / sqrt(d + epsilon), with momentum by way of a velocity. Legacy without momentum adds
/// epsilon to the root. keras/optimizers/rmsprop.py, optimizer_v2/rmsprop.py,
/// core/kernels/training_ops.cc.
class RmsProp : public Optimizer {
 public:
  explicit RmsProp(ConfigReader& reader) : Optimizer(reader, 0.001) {
    factor(reader, "rho", rho_, 0.9);
    factor(reader, "momentum", momentum_, 0.0);
    epsilon(reader, epsilon_);
    flag(reader, "centered", centered_);
    addSlot("rms");
    if (momentum_ > 0.0) addSlot("momentum");
    if (centered_) addSlot("mg");
    if (!isLegacy() && !reader.has("ema_overwrite_frequency")) overwriteFrequency_ = 100;
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    const auto rho = static_cast<float>(rho_);
    const auto epsilon = static_cast<float>(epsilon_);
    const bool isOutside = isLegacy() && momentum_ == 0.0;
    for (const Parameter& p : parameters) {
      const Expr s = p.read("rms") * rho + square(p.gradient) * oneMinus(rho_);
      p.assign("rms", s);
      Expr d = s;
      if (centered_) {
        const Expr mean = p.read("mg") * rho + p.gradient * oneMinus(rho_);
        p.assign("mg", mean);
        d = s - square(mean);
      }
      const Expr root = isOutside ? squareRoot(d) + epsilon : squareRoot(d + epsilon);
      Expr move = p.gradient * step.learningRate / root;
      if (momentum_ > 0.0) {
        move = p.read("momentum") * static_cast<float>(momentum_) + move;
        p.assign("momentum", move);
      }
      p.set(p.value - move);
    }
  }

 private:
  double rho_;
  double momentum_;
  double epsilon_;
  bool centered_;
};

}  // namespace

std::unique_ptr<Optimizer> makeRmsProp(ConfigReader& reader) {
  return std::make_unique<RmsProp>(reader);
}

}  // namespace tabtrain
