#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// w -= lr g; with momentum v = mu v - lr g, w += v; with Nesterov's w += mu v - lr g.
/// keras/optimizers/sgd.py (2.11+), optimizer_v2/gradient_descent.py (legacy).
class Sgd : public Optimizer {
 public:
  explicit Sgd(ConfigReader& reader) : Optimizer(reader, 0.01) {
    factor(reader, "momentum", momentum_, 0.0);
    flag(reader, "nesterov", nesterov_);
    // The newer generation has the slot without momentum too and never reads it: it is kept, so
    // that a checkpoint that was loaded is saved again with the same bytes.
    if (momentum_ != 0.0 || !isLegacy()) addSlot("momentum");
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    const auto mu = static_cast<float>(momentum_);
    for (const Parameter& p : parameters) {
      const Expr move = p.gradient * step.learningRate;
      if (momentum_ == 0.0) {
        p.set(p.value - move);
        continue;
      }
      const Expr velocity = p.read("momentum") * mu - move;
      p.assign("momentum", velocity);
      p.set(p.value + (nesterov_ ? velocity * mu - move : velocity));
    }
  }

 private:
  double momentum_;
  bool nesterov_;
};

}  // namespace

std::unique_ptr<Optimizer> makeSgd(ConfigReader& reader) { return std::make_unique<Sgd>(reader); }

}  // namespace tabtrain
