#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/class_registry.h"
#include "graph/expr.h"

namespace tabtrain {

/// What a weight must satisfy: a projection after each update. keras/constraints.py.
class Constraint {
 public:
  virtual ~Constraint() = default;
  virtual const char* className() const = 0;
  /// The value to keep instead of the updated `w`, in its shape.
  virtual Expr project(Expr w) const = 0;
  virtual Json config() const { return Json::object(); }

  Json toJson() const { return ClassConfig{className(), config()}.toJson(); }
};

/// The constraint under `key` of a layer's config, null where absent or null. Throws UnknownClass,
/// InvalidArgument.
std::unique_ptr<Constraint> makeConstraint(ConfigReader& reader, const std::string& key);

std::vector<std::string> constraintNames();

}  // namespace tabtrain
