#include <array>

#include "losses/loss.h"
#include "losses/recorded.h"

namespace tabtrain {
namespace {

/// A loss that is a function of targets, predictions and arguments, as all of Keras's are.
class FunctionLoss : public Loss {
 public:
  FunctionLoss(ConfigReader& reader, const char* name, ValueFunction function, unsigned which)
      : Loss(reader, name),
        function_(function),
        which_(which),
        arguments_(readArguments(reader, which)) {}

  Expr perSample(Expr yTrue, Expr yPred) const override {
    return function_(yTrue, yPred, arguments_);
  }
  Expr mask(Expr yTrue, Expr yPred) const override { return validMask(yTrue, yPred, arguments_); }
  std::optional<int64_t> classes(const Shape& prediction) const override {
    if (which_ & kIgnoreClass) return prediction.back().size;
    return std::nullopt;
  }
  std::optional<int64_t> ignoredClass() const override { return arguments_.ignoreClass; }

 protected:
  Json ownConfig() const override { return writeArguments(arguments_, which_); }

 private:
  ValueFunction function_;
  unsigned which_;
  Arguments arguments_;
};

class RecordedLoss : public Loss {
 public:
  RecordedLoss(ConfigReader& reader, RecordedFunction function)
      : Loss(reader, ""), function_(std::move(function)) {}
  Expr perSample(Expr yTrue, Expr yPred) const override { return function_(yTrue, yPred); }

 private:
  RecordedFunction function_;
};

std::unique_ptr<Loss> makeFunctionLoss(ConfigReader& reader, ValueFunction function,
                                       unsigned which);

template <ValueFunction kFunction, unsigned kWhich = 0>
std::unique_ptr<Loss> make(ConfigReader& reader) {
  return makeFunctionLoss(reader, kFunction, kWhich);
}

Expr negativeCosineSimilarity(Expr yTrue, Expr yPred, const Arguments& arguments) {
  return -cosineSimilarity(yTrue, yPred, arguments);
}

constexpr unsigned kCrossentropy = kFromLogits | kLabelSmoothing | kAxis;

/// The first alias is the default name.
const std::array kRows = {
    ClassRow<Loss>{"SparseCategoricalCrossentropy",
                   {"sparse_categorical_crossentropy"},
                   make<sparseCategoricalCrossentropy, kFromLogits | kIgnoreClass>},
    ClassRow<Loss>{"CategoricalCrossentropy",
                   {"categorical_crossentropy"},
                   make<categoricalCrossentropy, kCrossentropy>},
    ClassRow<Loss>{"BinaryCrossentropy",
                   {"binary_crossentropy", "bce", "BCE"},
                   make<binaryCrossentropy, kCrossentropy>},
    ClassRow<Loss>{"CategoricalFocalCrossentropy",
                   {"categorical_focal_crossentropy"},
                   make<categoricalFocalCrossentropy, kCrossentropy | kAlpha | kGamma>},
    ClassRow<Loss>{"BinaryFocalCrossentropy",
                   {"binary_focal_crossentropy"},
                   make<binaryFocalCrossentropy, kCrossentropy | kClassBalancing | kGamma>},
    ClassRow<Loss>{
        "MeanSquaredError", {"mean_squared_error", "mse", "MSE"}, make<meanSquaredError>},
    ClassRow<Loss>{
        "MeanAbsoluteError", {"mean_absolute_error", "mae", "MAE"}, make<meanAbsoluteError>},
    ClassRow<Loss>{"MeanAbsolutePercentageError",
                   {"mean_absolute_percentage_error", "mape", "MAPE"},
                   make<meanAbsolutePercentageError>},
    ClassRow<Loss>{"MeanSquaredLogarithmicError",
                   {"mean_squared_logarithmic_error", "msle", "MSLE"},
                   make<meanSquaredLogarithmicError>},
    ClassRow<Loss>{
        "CosineSimilarity", {"cosine_similarity"}, make<negativeCosineSimilarity, kAxis>},
    ClassRow<Loss>{"Huber", {"huber_loss", "huber"}, make<huber, kDelta>},
    ClassRow<Loss>{"LogCosh", {"log_cosh", "logcosh"}, make<logCosh>},
    ClassRow<Loss>{"Poisson", {"poisson"}, make<poisson>},
    ClassRow<Loss>{"KLDivergence",
                   {"kl_divergence", "kullback_leibler_divergence", "kld", "KLD"},
                   make<klDivergence>},
    ClassRow<Loss>{"Hinge", {"hinge"}, make<hinge>},
    ClassRow<Loss>{"SquaredHinge", {"squared_hinge"}, make<squaredHinge>},
    ClassRow<Loss>{"CategoricalHinge", {"categorical_hinge"}, make<categoricalHinge>},
};

std::unique_ptr<Loss> makeFunctionLoss(ConfigReader& reader, ValueFunction function,
                                       unsigned which) {
  const ClassRow<Loss>* row = findRow<Loss>(kRows, reader.className());
  return std::make_unique<FunctionLoss>(reader, row->aliases[0], function, which);
}

}  // namespace

std::unique_ptr<Loss> makeLoss(const Json& json) {
  const ClassConfig config = parseClassConfig(json, "loss");
  if (!RecordedFunction::is(json)) return makeFromConfig<Loss>(kRows, config, "loss");
  RecordedFunction function(config);
  ConfigReader reader(config.className, function.config());
  auto loss = std::make_unique<RecordedLoss>(reader, function);
  reader.finish();
  return loss;
}

std::vector<std::string> lossNames() { return classNames<Loss>(kRows); }

}  // namespace tabtrain
