#include "optimizers/optimizer.h"

#include <cmath>

namespace tabtrain {

Optimizer::Optimizer(ConfigReader& reader, const char* defaultName, double defaultLearningRate)
    : name_(reader.string("name", defaultName)),
      isLegacy_(reader.boolean("is_legacy_optimizer", false)),
      decay_(0.0),
      iterations_(std::make_unique<Variable>("iteration", "optimizer/iterations", DType::Int64,
                                             std::vector<int64_t>{}, false)),
      learningRate_(std::make_unique<Variable>("learning_rate", "optimizer/learning_rate",
                                               DType::Float32, std::vector<int64_t>{}, false)) {
  const double rate = reader.number("learning_rate", defaultLearningRate, 0.0);
  *learningRate_->floats() = static_cast<float>(rate);
  if (isLegacy()) decay_ = reader.number("decay", 0.0, 0.0);
  // What Keras has and this version lacks: only the neutral value is accepted.
  for (const char* key : {"clipnorm", "clipvalue", "global_clipnorm", "weight_decay"}) {
    reader.unsupported(key);
  }
  if (!isLegacy()) {
    reader.unsupported("use_ema", false);
    reader.any("ema_momentum");
    reader.any("ema_overwrite_frequency");
    reader.any("jit_compile");
  }
}

Json Optimizer::toJson() const {
  ClassConfig result{className(), {{"name", name_}}};
  Json& config = result.config;
  config["learning_rate"] = static_cast<double>(*learningRate_->floats());
  if (isLegacy()) config["decay"] = decay_;
  config.update(ownConfig());
  config["is_legacy_optimizer"] = isLegacy();
  return result.toJson();
}

std::vector<std::pair<std::string, double>> Optimizer::hypers() const {
  std::vector<std::pair<std::string, double>> result = {
      {"learning_rate", static_cast<double>(*learningRate_->floats())}, {"decay", decay_}};
  for (const auto& [name, value] : const_cast<Optimizer*>(this)->ownHypers()) {
    result.emplace_back(name, *value);
  }
  return result;
}

void Optimizer::setHyper(const std::string& name, double value) {
  if (name == "learning_rate") *learningRate_->floats() = static_cast<float>(value);
  if (name == "decay" && decay_ != 0.0) decay_ = value;
  for (const auto& [own, current] : ownHypers()) {
    if (name == own && *current != 0.0) *current = value;
  }
}

void Optimizer::build(const std::vector<Variable*>& trainable) {
  if (isBuilt_) return;
  for (const std::string& slotName : slotNames()) {
    auto& list = slots_[slotName];
    for (const Variable* variable : trainable) {
      list.push_back(std::make_unique<Variable>(variable->name() + "/" + slotName,
                                                "optimizer/" + variable->path() + "/" + slotName,
                                                DType::Float32, variable->sizes(), false));
    }
  }
  isBuilt_ = true;
}

void Optimizer::unbuild() {
  slots_.clear();
  isBuilt_ = false;
}

const std::vector<std::unique_ptr<Variable>>& Optimizer::slots(const std::string& slotName) const {
  return slots_.at(slotName);
}

void Optimizer::apply(Graph& graph, const std::vector<Variable*>& variables,
                      const std::vector<Expr>& gradients) {
  Step step{graph.read(*learningRate_), toFloat(graph.read(*iterations_)) + 1.0f};
  if (decay_ > 0.0) {
    step.learningRate =
        step.learningRate / (toFloat(graph.read(*iterations_)) * static_cast<float>(decay_) + 1.0f);
  }
  std::vector<Parameter> parameters;
  for (size_t i = 0; i < variables.size(); ++i) {
    if (!gradients[i]) continue;  // the loss does not depend on it
    parameters.push_back({graph, *this, i, *variables[i], graph.read(*variables[i]), gradients[i]});
  }
  update(step, parameters);
  graph.increment(*iterations_, 1);
}

float Optimizer::oneMinus(double beta) const {
  return isLegacy() ? 1.0f - static_cast<float>(beta) : static_cast<float>(1.0 - beta);
}

}  // namespace tabtrain
