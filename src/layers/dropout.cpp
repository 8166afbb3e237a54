#include "layers/layer.h"

namespace tabtrain {
namespace {

/// In training sets a random share `rate` of the inputs to 0 and scales the others by 1/(1-rate);
/// does nothing otherwise. Srivastava et al., 2014; keras/layers/regularization/dropout.py.
class Dropout : public Layer {
 public:
  explicit Dropout(ConfigReader& reader) : Layer(reader), rate_(reader.number("rate", {}, 0, 1)) {
    reader.unsupported("noise_shape");
    if (!reader.any("seed").is_null()) seed_ = reader.integer("seed", std::nullopt, 0);
  }
  const char* className() const override { return "Dropout"; }

  Expr call(const CallContext& context, Expr x) override {
    if (!context.training || rate_ == 0.0) return x;
    Graph& graph = context.graph;
    const Expr zero = graph.constant(0.0f);
    if (rate_ == 1.0) return x * zero;
    const uint64_t seed = seed_ ? static_cast<uint64_t>(*seed_) : context.seed;
    const Expr random =
        randomUniform(graph.read(context.step), x.shape(), seed, path() + "/dropout");
    const Expr keep = greaterEqual(random, graph.constant(static_cast<float>(rate_)));
    return select(keep, x * static_cast<float>(1.0 / (1.0 - rate_)), zero);
  }

 protected:
  Json ownConfig() const override {
    return {
        {"rate", rate_}, {"noise_shape", nullptr}, {"seed", seed_ ? Json(*seed_) : Json(nullptr)}};
  }

 private:
  double rate_;
  std::optional<int64_t> seed_;
};

}  // namespace

std::unique_ptr<Layer> makeDropout(ConfigReader& reader) {
  return std::make_unique<Dropout>(reader);
}

}  // namespace tabtrain
