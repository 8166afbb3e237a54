#include "losses/arguments.h"

#include "losses/loss.h"

namespace tabtrain {

Arguments readArguments(ConfigReader& reader, unsigned which) {
  Arguments a;
  const auto number = [&](unsigned bit, const char* key, double& value, double min, double max) {
    if (which & bit) value = reader.number(key, value, min, max);
  };
  const double any = std::numeric_limits<double>::infinity();
  if (which & kFromLogits) a.fromLogits = reader.boolean("from_logits", false);
  if (which & kClassBalancing) {
    a.applyClassBalancing = reader.boolean("apply_class_balancing", false);
  }
  number(kAlpha | kClassBalancing, "alpha", a.alpha, -any, any);
  number(kGamma, "gamma", a.gamma, -any, any);
  number(kLabelSmoothing, "label_smoothing", a.labelSmoothing, 0.0, 1.0);
  number(kDelta, "delta", a.delta, -any, any);
  number(kThreshold, "threshold", a.threshold, -any, any);
  if (which & kK) a.k = reader.integer("k", a.k, 1);
  if (which & kIgnoreClass) {
    a.ignoreClass = reader.optionalInteger("ignore_class", -kMaxClass, kMaxClass);
  }
  if (which & (kAxis | kNewerAxis)) reader.unsupported("axis", -1);
  return a;
}

Json writeArguments(const Arguments& a, unsigned which) {
  Json json = Json::object();
  if (which & kClassBalancing) {
    if (a.applyClassBalancing) json["apply_class_balancing"] = true;
    if (a.alpha != Arguments{}.alpha) json["alpha"] = a.alpha;
  }
  if (which & kAlpha) json["alpha"] = a.alpha;
  if (which & kGamma) json["gamma"] = a.gamma;
  if (which & kFromLogits) json["from_logits"] = a.fromLogits;
  if (a.ignoreClass) json["ignore_class"] = *a.ignoreClass;
  if (which & kLabelSmoothing) json["label_smoothing"] = a.labelSmoothing;
  if (which & kDelta) json["delta"] = a.delta;
  if (which & kThreshold) json["threshold"] = a.threshold;
  if (which & kK) json["k"] = a.k;
  if (which & kAxis) json["axis"] = -1;
  return json;
}

Expr validMask(Expr yTrue, Expr yPred, const Arguments& arguments) {
  if (!arguments.ignoreClass) return {};
  const Expr ignored = yTrue.graph->constant(static_cast<float>(*arguments.ignoreClass));
  return 1.0f - equal(classIndices(yTrue, yPred), ignored);
}

}  // namespace tabtrain
