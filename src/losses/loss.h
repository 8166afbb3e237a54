#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/class_registry.h"
#include "graph/expr.h"

namespace tabtrain {

/// A loss over a batch: a value for each sample (or position), then a weighted reduction.
class Loss {
 public:
  /// Reads the keys that all losses share: name, reduction.
  Loss(ConfigReader& reader, const char* defaultName);
  virtual ~Loss() = default;

  virtual const char* className() const = 0;
  const std::string& name() const { return name_; }
  Json toJson() const;

  /// The loss of each sample, [batch] or [batch, ...].
  virtual Expr perSample(Expr yTrue, Expr yPred) const = 0;

  /// Of losses whose targets are class indices: how many classes `prediction` has. Targets must be
  /// whole numbers in [0, classes), which is checked before training.
  virtual std::optional<int64_t> classes(const Shape& /*prediction*/) const { return std::nullopt; }

  /// The scalar to minimise: the sum of the weighted values, divided by their number for
  /// `sum_over_batch_size` (keras/utils/losses_utils.py). `weights` is [batch] or empty.
  Expr value(Expr yTrue, Expr yPred, Expr weights) const;

 protected:
  virtual Json ownConfig() const { return Json::object(); }

 private:
  std::string name_;
  std::string reduction_;
};

/// From a name ("mse") or a config; throws UnknownClass, InvalidArgument.
std::unique_ptr<Loss> makeLoss(const Json& json);

/// Targets in the rank of the predictions where they lack the last axis of 1
/// (keras/engine/compile_utils.py, `match_dtype_and_rank`), as float32.
Expr matchRank(Expr yTrue, Expr yPred);

/// Class indices [batch, ...] from [batch, ...] or [batch, ..., 1].
Expr classIndices(Expr yTrue, Expr yPred);

/// The mean over the last axis: what Keras's loss functions end with.
Expr meanLast(Expr x);

// The functions behind the losses, which the metrics of the same names share. All give [batch,
// ...].
Expr sparseCategoricalCrossentropy(Expr yTrue, Expr yPred, bool fromLogits);
Expr categoricalCrossentropy(Expr yTrue, Expr yPred, bool fromLogits, double labelSmoothing);
Expr binaryCrossentropy(Expr yTrue, Expr yPred, bool fromLogits, double labelSmoothing);
Expr meanSquaredError(Expr yTrue, Expr yPred);

}  // namespace tabtrain
