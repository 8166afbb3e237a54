#include "optimizers/gradient_clipping.h"

namespace tabtrain {
namespace {

std::optional<double> optionalNumber(ConfigReader& reader, const char* key) {
  if (reader.any(key).is_null()) return std::nullopt;
  return reader.number(key, std::nullopt, 0.0);
}

/// tf.clip_by_value.
void clipByValue(std::vector<Expr>& gradients, float limit) {
  for (Expr& g : gradients) g = clip(g, -limit, limit);
}

/// tf.clip_by_norm of each.
void clipByNorm(std::vector<Expr>& gradients, float limit) {
  for (Expr& g : gradients) {
    g = g * limit / maximum(squareRoot(sumAll(square(g))), g.graph->constant(limit));
  }
}

/// tf.clip_by_global_norm: NaN everywhere where the norm is not finite.
void clipByGlobalNorm(std::vector<Expr>& gradients, float limit) {
  Expr squares;
  for (const Expr& g : gradients) {
    const Expr own = sumAll(square(g));
    squares = squares ? squares + own : own;
  }
  if (!squares) return;
  const Expr norm = squareRoot(squares);
  const Expr scale = minimum(1.0f / norm, norm.graph->constant(1.0f / limit)) * limit;
  const Expr factor = scale + (norm - norm);
  for (Expr& g : gradients) g = g * factor;
}

}  // namespace

GradientClipping::GradientClipping(ConfigReader& reader, bool isLegacy)
    : isLegacy_(isLegacy),
      norm_(optionalNumber(reader, "clipnorm")),
      value_(optionalNumber(reader, "clipvalue")),
      globalNorm_(optionalNumber(reader, "global_clipnorm")) {
  if (norm_ && globalNorm_) reader.fail("global_clipnorm", "at most one of it and clipnorm");
}

void GradientClipping::apply(std::vector<Expr>& gradients) const {
  const auto isOn = [&](const std::optional<double>& limit) {
    return limit && (isLegacy_ || *limit > 0.0);
  };
  const bool byNorm = isOn(norm_);
  const bool byGlobalNorm = isOn(globalNorm_);
  if (isOn(value_) && (isLegacy_ || !(byNorm || byGlobalNorm))) {
    clipByValue(gradients, static_cast<float>(*value_));
  }
  if (byNorm) clipByNorm(gradients, static_cast<float>(*norm_));
  if (byGlobalNorm) clipByGlobalNorm(gradients, static_cast<float>(*globalNorm_));
}

void GradientClipping::writeTo(Json& config) const {
  const auto write = [&](const char* key, const std::optional<double>& limit) {
    if (limit || !isLegacy_) config[key] = limit ? Json(*limit) : Json();
  };
  write("clipnorm", norm_);
  if (isLegacy_) write("clipvalue", value_);
  write("global_clipnorm", globalNorm_);
  if (!isLegacy_) write("clipvalue", value_);
}

}  // namespace tabtrain
