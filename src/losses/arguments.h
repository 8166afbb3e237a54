#pragma once

#include <optional>

#include "base/config_reader.h"
#include "graph/expr.h"

namespace tabtrain {

/// Class numbers are exact as float32.
constexpr int64_t kMaxClass = int64_t{1} << 24;

/// What Keras's loss and metric functions take besides targets and predictions, at its defaults.
struct Arguments {
  bool fromLogits = false;
  bool applyClassBalancing = false;
  double alpha = 0.25;
  double gamma = 2.0;
  double labelSmoothing = 0.0;
  double delta = 1.0;
  double threshold = 0.5;
  int64_t k = 5;
  std::optional<int64_t> ignoreClass;
};

/// Which arguments a function takes, as a sum.
enum : unsigned {
  kFromLogits = 1,
  kLabelSmoothing = 2,
  kAxis = 4,  // only -1
  kGamma = 8,
  kAlpha = 16,
  kClassBalancing = 32,  // and alpha, which Keras 2.8 does not know either
  kDelta = 64,
  kThreshold = 128,
  kK = 256,
  kIgnoreClass = 512,  // of functions whose targets are class indices
  kNewerAxis = 1024,   // an axis that Keras 2.8 does not write
};

Arguments readArguments(ConfigReader& reader, unsigned which);

/// As Keras 2.8 writes them; what it does not know is written where it is not at its default.
Json writeArguments(const Arguments& arguments, unsigned which);

/// A function of a loss or a metric: a value for each sample, [batch] or [batch, ...].
using ValueFunction = Expr (*)(Expr yTrue, Expr yPred, const Arguments& arguments);

/// 1 for each class index of `yTrue` that counts and 0 for each that is `ignore_class`, [batch,
/// ...]; an empty Expr where all count.
Expr validMask(Expr yTrue, Expr yPred, const Arguments& arguments);

}  // namespace tabtrain
