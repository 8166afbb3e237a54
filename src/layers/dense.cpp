#include "layers/activations.h"
#include "layers/layer.h"

namespace tabtrain {
namespace {

/// y = activation(x kernel + bias) over the last axis: x [batch, ..., in], kernel [in, units], bias
/// [units], y [batch, ..., units]. keras/layers/core/dense.py.
class Dense : public Layer {
 public:
  explicit Dense(ConfigReader& reader)
      : Layer(reader),
        units_(reader.integer("units", std::nullopt, 1)),
        activation_(findActivation(reader.any("activation"), "Dense: activation")),
        useBias_(reader.boolean("use_bias", true)),
        kernelOptions_(reader, "kernel", "GlorotUniform"),
        biasOptions_(reader, "bias", "Zeros"),
        activityRegularizer_(makeRegularizer(reader, "activity_regularizer")) {}

  const char* className() const override { return "Dense"; }

  Expr call(const CallContext& context, Expr x) override {
    Graph& graph = context.graph;
    const Shape& in = x.shape();
    const Shape rows({in.product(0, in.rank() - 1), in.back()});
    Expr y = matMul(reshape(x, rows), graph.read(*kernel_));
    std::vector<Dim> dims = in.dims();
    dims.back() = {units_, false};
    y = reshape(y, Shape(std::move(dims)));
    if (useBias_) y = y + graph.read(*bias_);
    y = activation_.apply(y);
    context.addActivityLoss(activityRegularizer_.get(), y);
    return y;
  }

 protected:
  void build(const Shape& input) override {
    require(
        input.rank() >= 2,
        [&] {
          return name() + ": expected an input of shape (None, ..., features), got " +
                 input.toString();
        },
        ErrorCode::ShapeMismatch);
    kernel_ = &addWeight("kernel", {input.back().size, units_}, kernelOptions_);
    if (useBias_) bias_ = &addWeight("bias", {units_}, biasOptions_);
  }

  Json ownConfig() const override {
    Json json = {{"units", units_}, {"activation", activation_.toJson()}, {"use_bias", useBias_}};
    writeWeightOptions(json, {&kernelOptions_, &biasOptions_}, Json::object(),
                       {{"activity_regularizer", jsonOrNull(activityRegularizer_)}});
    return json;
  }

 private:
  int64_t units_;
  Activation activation_;
  bool useBias_;
  WeightOptions kernelOptions_;
  WeightOptions biasOptions_;
  std::unique_ptr<Regularizer> activityRegularizer_;
  Variable* kernel_ = nullptr;
  Variable* bias_ = nullptr;
};

}  // namespace

std::unique_ptr<Layer> makeDense(ConfigReader& reader) { return std::make_unique<Dense>(reader); }

}  // namespace tabtrain
