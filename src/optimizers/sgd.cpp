#include "optimizers/optimizer.h"

namespace tabtrain {
namespace {

/// w -= lr g; with momentum v = mu v - lr g, w += v; with Nesterov's w += mu v - lr g.
/// keras/optimizers/sgd.py (2.11+), optimizer_v2/gradient_descent.py (legacy).
class Sgd : public Optimizer {
 public:
  explicit Sgd(ConfigReader& reader)
      : Optimizer(reader, "SGD", 0.01),
        momentum_(reader.number("momentum", 0.0, 0.0, 1.0)),
        nesterov_(reader.boolean("nesterov", false)) {}

  const char* className() const override { return "SGD"; }

  /// The newer generation has the slot without momentum too and never reads it: it is kept, so that
  /// a checkpoint that was loaded is saved again with the same bytes.
  std::vector<std::string> slotNames() const override {
    if (momentum_ == 0.0 && isLegacy()) return {};
    return {"momentum"};
  }

 protected:
  void update(const Step& step, const std::vector<Parameter>& parameters) override {
    const auto mu = static_cast<float>(momentum_);
    for (const Parameter& p : parameters) {
      const Expr move = p.gradient * step.learningRate;
      if (momentum_ == 0.0) {
        p.graph.assign(p.variable, p.value - move);
        continue;
      }
      const Expr velocity = p.read("momentum") * mu - move;
      p.assign("momentum", velocity);
      p.graph.assign(p.variable, p.value + (nesterov_ ? velocity * mu - move : velocity));
    }
  }
  std::vector<std::pair<const char*, double*>> ownHypers() override {
    return {{"momentum", &momentum_}};
  }
  Json ownConfig() const override { return {{"momentum", momentum_}, {"nesterov", nesterov_}}; }

 private:
  double momentum_;
  bool nesterov_;
};

}  // namespace

std::unique_ptr<Optimizer> makeSgd(ConfigReader& reader) { return std::make_unique<Sgd>(reader); }

}  // namespace tabtrain
