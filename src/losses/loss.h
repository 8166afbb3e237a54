#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/class_registry.h"
#include "graph/expr.h"
#include "losses/arguments.h"

namespace tabtrain {

/// A loss over a batch: a value for each sample (or position), then a weighted reduction.
class Loss {
 public:
  /// Reads the keys that all losses share: name, reduction.
  Loss(ConfigReader& reader, const char* defaultName);
  virtual ~Loss() = default;

  const std::string& className() const { return className_; }
  const std::string& name() const { return name_; }
  Json toJson() const;

  /// The loss of each sample, [batch] or [batch, ...].
  virtual Expr perSample(Expr yTrue, Expr yPred) const = 0;
  /// 0 for samples that do not count, in the shape of `perSample`; empty where all do.
  virtual Expr mask(Expr /*yTrue*/, Expr /*yPred*/) const { return {}; }

  /// Of losses whose targets are class indices: how many classes `prediction` has. Targets must be
  /// whole numbers in [0, classes), or `ignoredClass`, which is checked before training.
  virtual std::optional<int64_t> classes(const Shape& /*prediction*/) const { return std::nullopt; }
  virtual std::optional<int64_t> ignoredClass() const { return std::nullopt; }

  /// The scalar to minimise: the sum of the weighted values, divided by their number for
  /// `sum_over_batch_size` (keras/utils/losses_utils.py). `weights` is [batch] or empty. For `none`
  /// Keras minimises the sum and shows the mean, so the value is the mean, its gradient the sum's.
  Expr value(Expr yTrue, Expr yPred, Expr weights) const;
  /// Whether Keras has a vector of losses for a batch, `none`.
  bool isVector() const { return reduction_ == "none"; }

 protected:
  virtual Json ownConfig() const { return Json::object(); }

 private:
  std::string className_;
  std::string name_;
  std::string reduction_;
};

/// From a name ("mse") or a config; throws UnknownClass, InvalidArgument.
std::unique_ptr<Loss> makeLoss(const Json& json);

/// The class names of all losses.
std::vector<std::string> lossNames();

/// Targets in the rank of the predictions where they lack the last axis of 1
/// (keras/engine/compile_utils.py, `match_dtype_and_rank`), as float32.
Expr matchRank(Expr yTrue, Expr yPred);

/// Class indices [batch, ...] from [batch, ...] or [batch, ..., 1].
Expr classIndices(Expr yTrue, Expr yPred);

/// Sum and mean over the last axis: what Keras's loss functions end with.
Expr sumLast(Expr x, bool keepDims = false);
Expr meanLast(Expr x);

// The functions behind the losses (keras/losses.py), which the metrics share. Each is documented at
// its definition.
Expr sparseCategoricalCrossentropy(Expr yTrue, Expr yPred, const Arguments&);
Expr categoricalCrossentropy(Expr yTrue, Expr yPred, const Arguments&);
Expr binaryCrossentropy(Expr yTrue, Expr yPred, const Arguments&);
Expr categoricalFocalCrossentropy(Expr yTrue, Expr yPred, const Arguments&);
Expr binaryFocalCrossentropy(Expr yTrue, Expr yPred, const Arguments&);
Expr meanSquaredError(Expr yTrue, Expr yPred, const Arguments&);
Expr meanAbsoluteError(Expr yTrue, Expr yPred, const Arguments&);
Expr meanAbsolutePercentageError(Expr yTrue, Expr yPred, const Arguments&);
Expr meanSquaredLogarithmicError(Expr yTrue, Expr yPred, const Arguments&);
Expr huber(Expr yTrue, Expr yPred, const Arguments&);
Expr logCosh(Expr yTrue, Expr yPred, const Arguments&);
Expr cosineSimilarity(Expr yTrue, Expr yPred, const Arguments&);
Expr poisson(Expr yTrue, Expr yPred, const Arguments&);
Expr klDivergence(Expr yTrue, Expr yPred, const Arguments&);
Expr hinge(Expr yTrue, Expr yPred, const Arguments&);
Expr squaredHinge(Expr yTrue, Expr yPred, const Arguments&);
Expr categoricalHinge(Expr yTrue, Expr yPred, const Arguments&);

}  // namespace tabtrain
