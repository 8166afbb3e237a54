#pragma once

#include <optional>
#include <vector>

#include "base/config_reader.h"
#include "graph/expr.h"

namespace tabtrain {

/// What an optimizer's `clipnorm`, `clipvalue` and `global_clipnorm` do to the gradients.
class GradientClipping {
 public:
  GradientClipping(ConfigReader& reader, bool isLegacy);

  /// The newer generation clips in one way: by each norm, else by the global norm, else by value,
  /// and 0 is none (optimizers/optimizer.py, `_clip_gradients`). The legacy one does all that it is
  /// given: values, then norms (optimizer_v2.py, `_transform_gradients`).
  void apply(std::vector<Expr>& gradients) const;

  /// Adds the keys, those without a value in the newer generation only, as Keras does.
  void writeTo(Json& config) const;

 private:
  bool isLegacy_;
  std::optional<double> norm_;
  std::optional<double> value_;
  std::optional<double> globalNorm_;
};

}  // namespace tabtrain
