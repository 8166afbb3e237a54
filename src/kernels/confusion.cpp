#include "kernels/confusion.h"

#include <algorithm>
#include <cmath>

namespace tabtrain::kernels {
namespace {

/// Of equal predictions the first is the greater, as in tf.math.top_k.
bool isInTopK(const float* row, int64_t classes, int64_t index, int64_t k) {
  int64_t greater = 0;
  for (int64_t c = 0; c < classes; ++c) {
    if (row[c] > row[index] || (row[c] == row[index] && c < index)) ++greater;
  }
  return greater < k;
}

float ratio(float a, float b) { return b == 0.0f ? 0.0f : a / b; }

/// One step of the precision-recall curve with true positives interpolated linearly in all
/// positives (Davis and Goadrich, "The relationship between precision-recall and ROC curves").
float interpolatedStep(float tp, float positives, float nextTp, float nextPositives, float labels) {
  const float slope = ratio(tp - nextTp, std::max(positives - nextPositives, 0.0f));
  const float intercept = nextTp - slope * nextPositives;
  const bool isSafe = positives > 0.0f && nextPositives > 0.0f;
  const float log = isSafe ? std::log(positives / nextPositives) : 0.0f;
  return ratio(slope * (tp - nextTp + intercept * log), std::max(labels, 0.0f));
}

}  // namespace

void confusionCounts(const ConfusionInput& input, const ConfusionOptions& options,
                     const float* thresholds, int64_t thresholdCount,
                     float* const* counts) noexcept {
  for (int c = 0; c < kCounts; ++c) std::fill_n(counts[c], thresholdCount, 0.0f);
  const bool hasClass = options.classId >= 0;
  const int64_t begin = hasClass ? options.classId : 0;
  const int64_t end = hasClass ? begin + 1 : input.classes;
  float total[2] = {0.0f, 0.0f};  // of negative and of positive labels
  for (int64_t r = 0; r < input.rows; ++r) {
    const float* row = input.predictions + r * input.classes;
    const float weight = input.weights == nullptr ? 1.0f : input.weights[r / input.rowsPerWeight];
    for (int64_t c = begin; c < end; ++c) {
      const bool isPositive = input.labels[r * input.classes + c] != 0.0f;
      float prediction = row[c];
      if (options.topK > 0 && !isInTopK(row, input.classes, c, options.topK)) prediction = -1e10f;
      if (!options.isEven) {
        for (int64_t t = 0; t < thresholdCount; ++t) {
          const Count count = prediction > thresholds[t]
                                  ? (isPositive ? kTruePositives : kFalsePositives)
                                  : (isPositive ? kFalseNegatives : kTrueNegatives);
          counts[count][t] += weight;
        }
        continue;
      }
      total[isPositive ? 1 : 0] += weight;
      // The last threshold that the prediction exceeds; NaN exceeds none.
      const float place = prediction > 0.0f
                              ? std::min(prediction, 1.0f) * static_cast<float>(thresholdCount - 1)
                              : 0.0f;
      float bucket = std::ceil(place) - 1.0f;
      if (thresholds[0] < 0.0f) bucket = std::max(bucket, 0.0f);
      if (bucket < 0.0f) continue;
      counts[isPositive ? kTruePositives : kFalsePositives][static_cast<int64_t>(bucket)] += weight;
    }
  }
  if (!options.isEven) return;
  for (int64_t t = thresholdCount - 2; t >= 0; --t) {
    counts[kTruePositives][t] += counts[kTruePositives][t + 1];
    counts[kFalsePositives][t] += counts[kFalsePositives][t + 1];
  }
  for (int64_t t = 0; t < thresholdCount; ++t) {
    counts[kTrueNegatives][t] = total[0] - counts[kFalsePositives][t];
    counts[kFalseNegatives][t] = total[1] - counts[kTruePositives][t];
  }
}

float areaUnderCurve(Curve curve, Summation summation, const float* const* counts,
                     int64_t thresholdCount) noexcept {
  float area = 0.0f;
  float lastX = 0.0f;
  float lastY = 0.0f;
  for (int64_t t = 0; t < thresholdCount; ++t) {
    const float tp = counts[kTruePositives][t];
    const float fp = counts[kFalsePositives][t];
    const float tn = counts[kTrueNegatives][t];
    const float fn = counts[kFalseNegatives][t];
    float x = ratio(tp, tp + fn);
    float y = ratio(tp, tp + fp);
    if (curve == Curve::Roc) {
      y = x;
      x = ratio(fp, fp + tn);
    } else if (curve == Curve::PrGain) {
      const float scale = ratio(tp + fn, fp + tn);
      x = tp == 0.0f ? 0.0f : std::max(1.0f - scale * ratio(fn, tp), 0.0f);
      y = tp == 0.0f ? 1.0f : 1.0f - scale * ratio(fp, tp);
    } else if (summation == Summation::Interpolation) {
      if (t > 0) {
        area += interpolatedStep(counts[kTruePositives][t - 1],
                                 counts[kTruePositives][t - 1] + counts[kFalsePositives][t - 1], tp,
                                 tp + fp, tp + fn);
      }
      continue;
    }
    const float height = summation == Summation::Interpolation ? (lastY + y) / 2.0f
                         : summation == Summation::Majoring    ? std::max(lastY, y)
                                                               : std::min(lastY, y);
    if (t > 0) area += (lastX - x) * height;
    lastX = x;
    lastY = y;
  }
  return area;
}

}  // namespace tabtrain::kernels
