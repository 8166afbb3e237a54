#include <algorithm>

#include "base/error.h"
#include "losses/loss.h"
#include "metrics/metric.h"

namespace tabtrain {
namespace {

/// Which of Keras's classes, as a sum.
enum : unsigned {
  kMean = 1,    // over all classes; otherwise over `target_class_ids`
  kOneHot = 2,  // targets are one-hot
  kBinary = 4,  // two classes; predictions are compared with a threshold
};

/// The mean over classes of intersection over union: the samples that are of a class in targets and
/// predictions, over those that are in either. A target or prediction that is no class makes it
/// NaN, where Keras fails. keras/metrics/iou_metrics.py.
class IoU : public Metric {
 public:
  IoU(ConfigReader& reader, const char* name, unsigned kind)
      : Metric(reader, name, true), kind_(kind) {
    if (kind & kBinary) {
      threshold_ = reader.number("threshold", 0.5);
    } else {
      classes_ = reader.integer("num_classes", std::nullopt, 1, kMaxClass);
      ignoreClass_ = reader.optionalInteger("ignore_class", -kMaxClass, kMaxClass);
      if (!(kind & kOneHot)) sparseTrue_ = reader.boolean("sparse_y_true", true);
      sparsePred_ = reader.boolean("sparse_y_pred", !(kind & kOneHot));
      reader.unsupported("axis", -1);
    }
    if (kind & kOneHot) sparseTrue_ = false;
    if (kind & kMean) return;
    ids_ = reader.any("target_class_ids");
    if (ids_.is_null() && (kind & kBinary)) ids_ = {0, 1};
    if (!ids_.is_array()) reader.fail("target_class_ids", "a list of classes");
    for (const Json& id : ids_) {
      const bool isClass =
          id.is_number_integer() && id.get<int64_t>() >= 0 && id.get<int64_t>() < classes_;
      if (!isClass) reader.fail("target_class_ids", "classes below " + std::to_string(classes_));
    }
  }

  void createState(const std::string& path) override {
    matrix_ = &addState(path, "total_confusion_matrix", {classes_, classes_});
    const auto count = static_cast<size_t>(classes_);
    identity_ = &addConstant(path, "identity", {classes_, classes_}, [count](std::span<float> out) {
      for (size_t c = 0; c < count; ++c) out[c * count + c] = 1.0f;
    });
    times_ = &addConstant(path, "target_class_ids", {classes_},
                          [ids = ids_, all = kind_ & kMean](std::span<float> out) {
                            if (all) std::fill(out.begin(), out.end(), 1.0f);
                            for (const Json& id : ids)
                              out[static_cast<size_t>(id.get<int64_t>())] += 1.0f;
                          });
  }

  void update(Expr yTrue, Expr yPred, Expr weights) const override {
    Graph& graph = *yPred.graph;
    Expr predicted = yPred;
    if (kind_ & kBinary) {
      predicted = greaterEqual(yPred, graph.constant(static_cast<float>(threshold_)));
    } else {
      predicted = sparsePred_ ? apply("Trunc", {yPred}) : toFloat(argMax(yPred));
    }
    Expr label = sparseTrue_ ? apply("Trunc", {toFloat(yTrue)}) : toFloat(argMax(yTrue));
    const Dim rows = predicted.shape().elements();
    require(
        label.shape().elements() == rows,
        [&] {
          return className() + ": expected a target for each prediction of shape " +
                 yPred.shape().toString() + ", got shape " + yTrue.shape().toString();
        },
        ErrorCode::ShapeMismatch);
    Expr weight;
    if (weights) weight = spreadWeights(weights, predicted.shape());
    if (ignoreClass_) {
      const Expr ignored = graph.constant(static_cast<float>(*ignoreClass_));
      const Expr valid = reshape(1.0f - equal(label, ignored), predicted.shape());
      label = label * reshape(valid, label.shape());
      weight = weight ? weight * valid : valid;
    }
    Expr rowsOf = indicator(reshape(label, Shape(std::vector<Dim>{rows})));
    if (weight) rowsOf = rowsOf * reshape(weight, Shape(std::vector<Dim>{rows, Dim{}}));
    const Expr columns = indicator(reshape(predicted, Shape(std::vector<Dim>{rows})));
    accumulate(*matrix_, matMul(rowsOf, columns, /*transposeA=*/true));
  }

  Expr result(Graph& graph) const override {
    const Expr matrix = graph.read(*matrix_);
    const Expr hits = sum(matrix * graph.read(*identity_), 0, 1);
    const Expr either = sum(matrix, 0, 1) + sum(matrix, 1, 2) - hits;
    const Expr times = graph.read(*times_);
    const Expr isThere = 1.0f - equal(either, graph.constant(0.0f));
    return divideNoNan(sumAll(divideNoNan(hits, either) * times), sumAll(isThere * times));
  }

 protected:
  Json ownConfig() const override {
    Json config = Json::object();
    if (!(kind_ & kBinary)) config["num_classes"] = classes_;
    if (!(kind_ & kMean)) config["target_class_ids"] = ids_;
    if (kind_ & kBinary) config["threshold"] = threshold_;
    return config;
  }
  bool ownConfigIsFirst() const override { return (kind_ & (kMean | kBinary)) != 0; }
  Json newerConfig() const override {
    Json config = Json::object();
    const bool isOneHot = (kind_ & kOneHot) != 0;
    if (ignoreClass_) config["ignore_class"] = *ignoreClass_;
    if (!isOneHot && !sparseTrue_) config["sparse_y_true"] = false;
    if (sparsePred_ == isOneHot) config["sparse_y_pred"] = sparsePred_;
    return config;
  }

 private:
  /// One-hot rows; NaN for what is no class.
  Expr indicator(Expr index) const {
    const Expr hot = oneHot(index, classes_);
    return hot / sumLast(hot, true);
  }

  unsigned kind_;
  int64_t classes_ = 2;
  std::optional<int64_t> ignoreClass_;
  bool sparseTrue_ = true;
  bool sparsePred_ = true;
  double threshold_ = 0.5;
  Json ids_ = Json::array();
  Variable* matrix_ = nullptr;
  Variable* identity_ = nullptr;
  Variable* times_ = nullptr;
};

}  // namespace

std::unique_ptr<Metric> makeIoU(ConfigReader& reader) {
  return std::make_unique<IoU>(reader, "io_u", 0u);
}
std::unique_ptr<Metric> makeBinaryIoU(ConfigReader& reader) {
  return std::make_unique<IoU>(reader, "binary_io_u", kBinary);
}
std::unique_ptr<Metric> makeMeanIoU(ConfigReader& reader) {
  return std::make_unique<IoU>(reader, "mean_io_u", kMean);
}
std::unique_ptr<Metric> makeOneHotIoU(ConfigReader& reader) {
  return std::make_unique<IoU>(reader, "one_hot_io_u", kOneHot);
}
std::unique_ptr<Metric> makeOneHotMeanIoU(ConfigReader& reader) {
  return std::make_unique<IoU>(reader, "one_hot_mean_io_u", kOneHot | kMean);
}

}  // namespace tabtrain
