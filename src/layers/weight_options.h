#pragma once

#include <initializer_list>
#include <memory>
#include <string>

#include "constraints/constraint.h"
#include "initializers/initializer.h"
#include "regularizers/regularizer.h"

namespace tabtrain {

/// Keras's arguments for the weight NAME of a layer: NAME_initializer, NAME_regularizer,
/// NAME_constraint. They live as long as the layer.
class WeightOptions {
 public:
  WeightOptions(ConfigReader& reader, const std::string& name, const char* defaultInitializer);

  const Initializer& initializer() const { return *initializer_; }
  /// Null where there is none.
  const Regularizer* regularizer() const { return regularizer_.get(); }
  const Constraint* constraint() const { return constraint_.get(); }

 private:
  friend void writeWeightOptions(Json& config, std::initializer_list<const WeightOptions*> weights,
                                 const Json& afterInitializers, const Json& afterRegularizers);
  std::string name_;
  std::unique_ptr<Initializer> initializer_;
  std::unique_ptr<Regularizer> regularizer_;
  std::unique_ptr<Constraint> constraint_;
};

/// Appends the keys in Keras's order: the initializers of all `weights`, the regularizers, the
/// constraints, with the keys of two records in between.
void writeWeightOptions(Json& config, std::initializer_list<const WeightOptions*> weights,
                        const Json& afterInitializers = Json::object(),
                        const Json& afterRegularizers = Json::object());

/// The config of what may be null.
template <typename Object>
Json jsonOrNull(const std::unique_ptr<Object>& object) {
  return object ? object->toJson() : Json();
}

}  // namespace tabtrain
