#pragma once

#include <cstdint>

namespace tabtrain::kernels {

/// What is counted, in the order of the outputs.
enum Count { kTruePositives, kFalsePositives, kTrueNegatives, kFalseNegatives, kCounts };

/// Labels and predictions [rows, classes]; a weight for every `rowsPerWeight` rows, or none.
struct ConfusionInput {
  int64_t rows;
  int64_t classes;
  const float* labels;
  const float* predictions;
  const float* weights;
  int64_t rowsPerWeight;
};

struct ConfusionOptions {
  int64_t topK;     // only the k greatest of a row can be positive; 0 for all
  int64_t classId;  // the one class that is counted; -1 for all
  bool isEven;      // thresholds i / (count - 1): one pass over the predictions is enough
};

/// counts[c][t] = the sum of the weights of the elements that are c where prediction >
/// thresholds[t] is positive; `thresholdCount` for each of the four.
void confusionCounts(const ConfusionInput& input, const ConfusionOptions& options,
                     const float* thresholds, int64_t thresholdCount,
                     float* const* counts) noexcept;

enum class Curve { Roc, Pr, PrGain };
enum class Summation { Interpolation, Majoring, Minoring };

/// The area under a curve whose points are given by the counts at `thresholdCount` thresholds
/// (tf-keras's metrics/confusion_metrics.py, `AUC.result`).
float areaUnderCurve(Curve curve, Summation summation, const float* const* counts,
                     int64_t thresholdCount) noexcept;

}  // namespace tabtrain::kernels
