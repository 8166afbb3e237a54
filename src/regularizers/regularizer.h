#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/class_registry.h"
#include "graph/expr.h"

namespace tabtrain {

/// A penalty on a weight or on a layer's output, which is added to the loss.
class Regularizer {
 public:
  virtual ~Regularizer() = default;
  virtual const char* className() const = 0;
  /// The scalar to add, float32 [].
  virtual Expr penalty(Expr x) const = 0;
  virtual Json config() const = 0;

  Json toJson() const { return ClassConfig{className(), config()}.toJson(); }
};

/// The regularizer under `key` of a layer's config, null where absent or null. Throws UnknownClass,
/// InvalidArgument.
std::unique_ptr<Regularizer> makeRegularizer(ConfigReader& reader, const std::string& key);

std::vector<std::string> regularizerNames();

}  // namespace tabtrain
