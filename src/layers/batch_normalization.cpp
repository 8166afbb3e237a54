#include "layers/layer.h"

namespace tabtrain {
namespace {

/// y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel, the index along `axis`.
/// In training, mean and variance are the batch's, and the moving ones follow them; otherwise, and
/// always in a frozen layer, they are the moving ones. Ioffe and Szegedy, 2015;
/// keras/layers/normalization/batch_normalization.py.
class BatchNormalization : public Layer {
 public:
  explicit BatchNormalization(ConfigReader& reader)
      : Layer(reader),
        givenAxis_(reader.any("axis").is_null() ? Json(-1) : reader.any("axis")),
        momentum_(reader.number("momentum", 0.99, 0.0, 1.0)),
        epsilon_(reader.number("epsilon", 1e-3, 0.0)),
        center_(reader.boolean("center", true)),
        scale_(reader.boolean("scale", true)),
        betaOptions_(reader, "beta", "Zeros"),
        gammaOptions_(reader, "gamma", "Ones"),
        movingMeanInitializer_(makeInitializer(reader, "moving_mean_initializer", "Zeros")),
        movingVarianceInitializer_(makeInitializer(reader, "moving_variance_initializer", "Ones")) {
    if (!axisNumber().is_number_integer()) reader.fail("axis", "an integer or a list of one");
  }

  const char* className() const override { return "BatchNormalization"; }
  std::vector<std::string> trackedAttributes() const override { return {"axis"}; }

  Expr call(const CallContext& context, Expr input) override {
    Graph& graph = context.graph;
    const Shape& in = input.shape();
    // Whichever axis it is, x is [outer, channels, inner], and a channel's values [channels, 1].
    const Expr x =
        reshape(input, Shape({in.product(0, axis_), in[axis_], in.product(axis_ + 1, in.rank())}));
    const auto read = [&](Variable* weight) {
      return reshape(graph.read(*weight), Shape({in[axis_], Dim{}}));
    };

    // Keras has a kernel of its own for these, which moves towards the unbiased variance.
    const bool isFused =
        (in.rank() == 4 || in.rank() == 5) && (axis_ == 1 || axis_ + 1 == in.rank());
    Expr mean = read(movingMean_);
    Expr variance = read(movingVariance_);
    if (context.training && trainable()) {
      const Expr count = valuesPerChannel(x);
      mean = sumPerChannel(x) / count;
      // Deviations from the mean sum to 0, so no gradient flows through the mean here.
      variance = sumPerChannel(square(x - stopGradient(mean))) / count;
      move(*movingMean_, mean);
      move(*movingVariance_, isFused ? unbiased(variance, count) : variance);
    }

    Expr factor = reciprocalSquareRoot(variance + static_cast<float>(epsilon_));
    if (scale_) factor = factor * read(gamma_);
    // In Keras's two orders of operations, which round differently far from 0.
    if (isFused) {
      const Expr y = (x - mean) * factor;
      return reshape(center_ ? y + read(beta_) : y, in);
    }
    const Expr shift = center_ ? read(beta_) - mean * factor : -(mean * factor);
    return reshape(x * factor + shift, in);
  }

 protected:
  void build(const Shape& input) override {
    const auto rank = static_cast<int64_t>(input.rank());
    const auto given = axisNumber().get<int64_t>();
    const int64_t axis = given < 0 ? given + rank : given;
    require(
        axis > 0 && axis < rank,
        [&] {
          return name() + ": axis: expected an axis behind the batch of an input of shape " +
                 input.toString() + ", got " + std::to_string(given);
        },
        ErrorCode::ShapeMismatch);
    axis_ = static_cast<size_t>(axis);
    const std::vector<int64_t> channels = {input[axis_].size};
    if (scale_) gamma_ = &addWeight("gamma", channels, gammaOptions_);
    if (center_) beta_ = &addWeight("beta", channels, betaOptions_);
    movingMean_ = &addWeight("moving_mean", channels, *movingMeanInitializer_, false);
    movingVariance_ = &addWeight("moving_variance", channels, *movingVarianceInitializer_, false);
  }

  Json ownConfig() const override {
    Json json = {{"axis", isBuilt() ? Json::array({axis_}) : givenAxis_},
                 {"momentum", momentum_},
                 {"epsilon", epsilon_},
                 {"center", center_},
                 {"scale", scale_}};
    writeWeightOptions(json, {&betaOptions_, &gammaOptions_},
                       {{"moving_mean_initializer", movingMeanInitializer_->toJson()},
                        {"moving_variance_initializer", movingVarianceInitializer_->toJson()}});
    return json;
  }

 private:
  const Json& axisNumber() const {
    return givenAxis_.is_array() && givenAxis_.size() == 1 ? givenAxis_[0] : givenAxis_;
  }

  static Expr valuesPerChannel(Expr x) {
    const Dim count = Shape({x.shape()[0], x.shape()[2]}).elements();
    const Expr size = x.graph->constant(static_cast<float>(count.size));
    return count.perBatch ? x.graph->batchSize() * size : size;
  }

  static Expr sumPerChannel(Expr x) {
    const Expr rows = sum(x, 0, 1);
    return rows.shape().back().isOne() ? rows : sum(rows, 1, 2, /*keepDims=*/true);
  }

  static Expr unbiased(Expr variance, Expr count) {
    const Expr one = count.graph->constant(1.0f);
    return variance * (count / maximum(count - one, one));
  }

  void move(Variable& moving, Expr batch) const {
    Graph& graph = *batch.graph;
    const Expr value = graph.read(moving);
    const Expr distance = value - reshape(batch, value.shape());
    graph.assign(moving, value - distance * static_cast<float>(1.0 - momentum_));
  }

  Json givenAxis_;
  size_t axis_ = 0;  // counted from the batch, once built
  double momentum_;
  double epsilon_;
  bool center_;
  bool scale_;
  WeightOptions betaOptions_;
  WeightOptions gammaOptions_;
  std::unique_ptr<Initializer> movingMeanInitializer_;
  std::unique_ptr<Initializer> movingVarianceInitializer_;
  Variable* gamma_ = nullptr;
  Variable* beta_ = nullptr;
  Variable* movingMean_ = nullptr;
  Variable* movingVariance_ = nullptr;
};

}  // namespace

std::unique_ptr<Layer> makeBatchNormalization(ConfigReader& reader) {
  return std::make_unique<BatchNormalization>(reader);
}

}  // namespace tabtrain
