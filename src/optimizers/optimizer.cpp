#include "optimizers/optimizer.h"

#include <algorithm>
#include <cstring>

#include "graph/executable.h"

namespace tabtrain {
namespace {

/// The slot of the moving averages of the weights.
constexpr char kAverage[] = "average";

std::unique_ptr<Variable> stateVariable(std::string name, std::string path, DType dtype,
                                        std::vector<int64_t> sizes = {}, Variable::Fill fill = {}) {
  return std::make_unique<Variable>(std::move(name), std::move(path), dtype, std::move(sizes),
                                    false, std::move(fill));
}

}  // namespace

Optimizer::Optimizer(ConfigReader& reader, double defaultLearningRate)
    : className_(reader.className()),
      name_(reader.string("name", className_)),
      isLegacy_(reader.boolean("is_legacy_optimizer", false)),
      clipping_(reader, isLegacy_),
      iterations_(stateVariable("iteration", "optimizer/iterations", DType::Int64)),
      learningRate_(stateVariable("learning_rate", "optimizer/learning_rate", DType::Float32)) {
  if (isLegacy()) {
    decay_ = reader.number("decay", 0.0, 0.0);
  } else {
    if (!reader.any("weight_decay").is_null()) {
      weightDecay_ = reader.number("weight_decay", 0.0, 0.0);
    }
    usesAverages_ = reader.boolean("use_ema", false);
    averageMomentum_ = reader.number("ema_momentum", averageMomentum_, 0.0, 1.0);
    if (!reader.any("ema_overwrite_frequency").is_null()) {
      overwriteFrequency_ = reader.integer("ema_overwrite_frequency", 0, 1);
    }
    if (usesAverages_) addSlot(kAverage);
    jitCompile_ = reader.boolean("jit_compile", false);  // there is nothing that it could change
  }
  // Keras's old name of it, which its files may still have.
  const char* key = isLegacy() && reader.has("lr") ? "lr" : "learning_rate";
  const Json& rate = reader.any(key);
  if (rate.is_object()) {
    schedule_.emplace(rate);
    *learningRate_->floats() = static_cast<float>(currentLearningRate());
  } else {
    *learningRate_->floats() = static_cast<float>(reader.number(key, defaultLearningRate, 0.0));
  }
}

void Optimizer::number(ConfigReader& reader, const char* key, double& value, double fallback,
                       double min, double max, Kind kind) {
  value = reader.number(key, fallback, min, max);
  add({key, &value, nullptr, kind});
}

void Optimizer::factor(ConfigReader& reader, const char* key, double& value, double fallback) {
  number(reader, key, value, fallback, 0.0, 1.0, Kind::Hyper);
}

void Optimizer::epsilon(ConfigReader& reader, double& value) {
  constexpr double kDefault = 1e-7;
  number(reader, "epsilon", value, kDefault, 0.0, kNoLimit);
  if (isLegacy() && value == 0.0) value = kDefault;
}

void Optimizer::flag(ConfigReader& reader, const char* key, bool& value) {
  value = reader.boolean(key, false);
  add({key, nullptr, &value, Kind::Plain});
}

void Optimizer::refuseLegacy(const ConfigReader& reader) const {
  if (isLegacy()) reader.fail("is_legacy_optimizer", "false, since Keras 2.8 has no such class");
}

void Optimizer::addSlot(const char* name, double start) {
  SlotKind& kind = slotKinds_[slotCount_++];
  kind.name = name;
  kind.start = static_cast<float>(start);
}

Variable& Optimizer::addScalar(const char* name, float start) {
  scalar_ = stateVariable(name, "optimizer/scalar", DType::Float32);
  *scalar_->floats() = start;
  return *scalar_;
}

Json Optimizer::toJson() const {
  ClassConfig result{className_, {{"name", name_}}};
  Json& config = result.config;
  if (!isLegacy()) config["weight_decay"] = weightDecay_ ? Json(*weightDecay_) : Json();
  clipping_.writeTo(config);
  if (!isLegacy()) {
    config["use_ema"] = usesAverages_;
    config["ema_momentum"] = averageMomentum_;
    config["ema_overwrite_frequency"] =
        overwriteFrequency_ > 0 ? Json(overwriteFrequency_) : Json();
    config["jit_compile"] = jitCompile_;
    config["is_legacy_optimizer"] = false;
  }
  config["learning_rate"] =
      schedule_ ? schedule_->toJson() : Json(static_cast<double>(*learningRate_->floats()));
  if (isLegacy()) config["decay"] = decay_;
  for (const Own& each : own()) {
    config[each.key] = each.number != nullptr ? Json(*each.number) : Json(*each.flag);
  }
  if (isLegacy()) config["is_legacy_optimizer"] = true;
  return result.toJson();
}

double Optimizer::currentLearningRate() const {
  if (!schedule_) return static_cast<double>(*learningRate_->floats());
  auto graph = std::make_shared<Graph>();
  const Expr rate = schedule_->rate(toFloat(graph->read(*iterations_)));
  Executable program(graph, {rate}, 1);
  program.run(1);
  return static_cast<double>(*program.fetch(0));
}

std::vector<std::string> Optimizer::slotNames() const {
  std::vector<std::string> names;
  for (const SlotKind& kind : slotKinds()) names.emplace_back(kind.name);
  return names;
}

std::vector<std::pair<std::string, double>> Optimizer::hypers() const {
  // With a schedule the legacy generation stores none, the newer one that of the last step.
  std::vector<std::pair<std::string, double>> result = {
      {schedule_ ? "current_learning_rate" : "learning_rate",
       static_cast<double>(*learningRate_->floats())},
      {"decay", decay_}};
  for (const Own& each : own()) {
    if (each.kind == Kind::Hyper) result.emplace_back(each.key, *each.number);
  }
  if (scalar_) result.emplace_back(scalar_->name(), static_cast<double>(*scalar_->floats()));
  return result;
}

void Optimizer::setHyper(const std::string& name, double value) {
  if (name == "learning_rate") {
    require(!schedule_, [] {
      return std::string(
          "learning_rate: it cannot be set, since the optimizer was made with a schedule");
    });
  }
  if (name == "learning_rate" || name == "current_learning_rate") {
    *learningRate_->floats() = static_cast<float>(value);
  }
  if (name == "decay" && decay_ != 0.0) decay_ = value;
  if (scalar_ && name == scalar_->name()) *scalar_->floats() = static_cast<float>(value);
  for (const Own& each : own()) {
    if (each.kind != Kind::Hyper || name != each.key) continue;
    const bool isOff = name == "momentum" && *each.number == 0.0;
    // A file has it in float32; the double that was rounded to it is the number itself.
    const bool isSame = static_cast<float>(*each.number) == static_cast<float>(value);
    if (!isOff && !isSame) *each.number = value;
  }
}

void Optimizer::build(const std::vector<Variable*>& trainable) {
  if (isBuilt_) return;
  for (SlotKind& kind : slotKinds()) {
    for (const Variable* variable : trainable) {
      Variable::Fill fill;
      if (kind.name == kAverage || kind.start != 0.0f) {
        const Variable* source = kind.name == kAverage ? variable : nullptr;
        fill = [source, start = kind.start](std::span<float> values) {
          for (size_t i = 0; i < values.size(); ++i) {
            values[i] = source != nullptr ? source->floats()[i] : start;
          }
        };
      }
      const std::string end = std::string("/") + kind.name;
      kind.variables.push_back(stateVariable(variable->name() + end,
                                             "optimizer/" + variable->path() + end, DType::Float32,
                                             variable->sizes(), std::move(fill)));
    }
  }
  isBuilt_ = true;
}

void Optimizer::unbuild() {
  for (SlotKind& kind : slotKinds()) kind.variables.clear();
  isBuilt_ = false;
}

const Optimizer::Slots& Optimizer::slots(std::string_view slotName) const {
  size_t i = 0;
  while (slotName != slotKinds_[i].name) ++i;  // callers know the names
  return slotKinds_[i].variables;
}

void Optimizer::addVariables(std::vector<Variable*>& list) const {
  list.push_back(iterations_.get());
  list.push_back(learningRate_.get());
  if (scalar_) list.push_back(scalar_.get());
  for (const SlotKind& kind : slotKinds()) {
    for (const auto& slot : kind.variables) list.push_back(slot.get());
  }
}

Expr Optimizer::Parameter::read(const char* slotName) const {
  return value.graph->read(*optimizer.slots(slotName)[index]);
}

void Optimizer::Parameter::assign(const char* slotName, Expr newValue) const {
  value.graph->assign(*optimizer.slots(slotName)[index], newValue);
}

void Optimizer::apply(Graph& graph, const std::vector<Variable*>& variables,
                      const std::vector<Expr>& gradients, const Constrain& constrain) {
  const Expr done = toFloat(graph.read(*iterations_));
  Expr rate = graph.read(*learningRate_);
  if (schedule_) {
    rate = schedule_->rate(done);
    graph.assign(*learningRate_, rate);
  }
  if (decaysRate_ && decay_ > 0.0) rate = rate / (done * static_cast<float>(decay_) + 1.0f);
  const Step step{rate, done + 1.0f, constrain};

  std::vector<size_t> indices;  // of the variables on which the loss depends
  std::vector<Expr> clipped;
  for (size_t i = 0; i < variables.size(); ++i) {
    if (!gradients[i]) continue;
    indices.push_back(i);
    clipped.push_back(gradients[i]);
  }
  clipping_.apply(clipped);
  std::vector<Parameter> parameters;
  for (size_t k = 0; k < indices.size(); ++k) {
    Variable& variable = *variables[indices[k]];
    Expr value = graph.read(variable);
    if (weightDecay_.value_or(0.0) != 0.0) {
      value = value - value * static_cast<float>(*weightDecay_) * rate;
    }
    parameters.push_back({step, *this, indices[k], variable, value, clipped[k]});
  }
  update(step, parameters);
  graph.increment(*iterations_, 1);
}

void Optimizer::Parameter::set(Expr newValue) const {
  if (optimizer.usesAverages_) {
    const double momentum = optimizer.averageMomentum_;
    const Expr average = read(kAverage) * static_cast<float>(momentum) +
                         newValue * static_cast<float>(1.0 - momentum);
    assign(kAverage, average);
    if (optimizer.overwriteFrequency_ > 0) {
      const Expr turns = step.count / static_cast<float>(optimizer.overwriteFrequency_);
      newValue = select(equal(turns, roundDown(turns)), average, newValue);
    }
  }
  if (step.constrain) newValue = step.constrain(variable, newValue);
  value.graph->assign(variable, newValue);
}

void Optimizer::finalize(const std::vector<Variable*>& trainable) const {
  if (!usesAverages_ || !isBuilt_) return;
  const auto& averages = slots(kAverage);
  for (size_t i = 0; i < trainable.size(); ++i) {
    std::memcpy(trainable[i]->data(), averages[i]->data(), trainable[i]->bytes().size());
  }
}

float Optimizer::oneMinus(double beta) const {
  return isLegacy() ? 1.0f - static_cast<float>(beta) : static_cast<float>(1.0 - beta);
}

}  // namespace tabtrain
