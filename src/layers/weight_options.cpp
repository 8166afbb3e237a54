#include "layers/weight_options.h"

namespace tabtrain {

WeightOptions::WeightOptions(ConfigReader& reader, const std::string& name,
                             const char* defaultInitializer)
    : name_(name),
      initializer_(makeInitializer(reader, name + "_initializer", defaultInitializer)),
      regularizer_(makeRegularizer(reader, name + "_regularizer")),
      constraint_(makeConstraint(reader, name + "_constraint")) {}

void writeWeightOptions(Json& config, std::initializer_list<const WeightOptions*> weights,
                        const Json& afterInitializers, const Json& afterRegularizers) {
  for (const auto* weight : weights) {
    config[weight->name_ + "_initializer"] = weight->initializer_->toJson();
  }
  config.update(afterInitializers);
  for (const auto* weight : weights) {
    config[weight->name_ + "_regularizer"] = jsonOrNull(weight->regularizer_);
  }
  config.update(afterRegularizers);
  for (const auto* weight : weights) {
    config[weight->name_ + "_constraint"] = jsonOrNull(weight->constraint_);
  }
}

}  // namespace tabtrain
