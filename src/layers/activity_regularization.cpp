#include "layers/layer.h"

namespace tabtrain {
namespace {

/// Adds l1 sum |x| + l2 sum x^2 of its input to the loss, a sample's share of it, and gives the
/// input on. keras/layers/regularization/activity_regularization.py.
class ActivityRegularization : public Layer {
 public:
  explicit ActivityRegularization(ConfigReader& reader)
      : Layer(reader),
        factors_({{"l1", reader.number("l1", 0.0)}, {"l2", reader.number("l2", 0.0)}}) {
    const Json config = {{"regularizer", ClassConfig{"L1L2", factors_}.toJson()}};
    ConfigReader inner(className(), config);
    regularizer_ = makeRegularizer(inner, "regularizer");
  }
  const char* className() const override { return "ActivityRegularization"; }

  Expr call(const CallContext& context, Expr x) override {
    context.addActivityLoss(regularizer_.get(), x);
    return x;
  }

 protected:
  Json ownConfig() const override { return factors_; }

 private:
  Json factors_;
  std::unique_ptr<Regularizer> regularizer_;
};

}  // namespace

std::unique_ptr<Layer> makeActivityRegularization(ConfigReader& reader) {
  return std::make_unique<ActivityRegularization>(reader);
}

}  // namespace tabtrain
