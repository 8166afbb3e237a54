#include "model/fit_run.h"
#include "model/model.h"

/// A run's place and state, and a run that takes them over.
namespace tabtrain {
namespace {

struct Field {
  const char* key;
  int64_t FitPlace::*value;
};

constexpr Field kFields[] = {
    {"next", &FitPlace::next},
    {"initial_epoch", &FitPlace::initialEpoch},
    {"epoch", &FitPlace::epoch},
    {"batch", &FitPlace::batch},
    {"pass", &FitPlace::pass},
    {"batch_of_pass", &FitPlace::batchOfPass},
    {"steps", &FitPlace::steps},
    {"validation_steps", &FitPlace::validationSteps},
    {"insufficient_data", &FitPlace::insufficientData},
    {"stopped", &FitPlace::stopped},
    {"data_ended", &FitPlace::dataEnded},
    {"seed", &FitPlace::seed},
    {"shuffles", &FitPlace::shuffles},
    {"traced", &FitPlace::traced},
};

}  // namespace

Json FitRun::place() const {
  FitPlace place = at_;
  const Model::Counters& counters = model_->counters();
  place.seed = static_cast<int64_t>(counters.seed);
  place.shuffles = counters.shuffles;
  place.traced = counters.traced;
  Json json;
  for (const auto& [key, value] : kFields) json[key] = place.*value;
  return json;
}

std::vector<Variable*> FitRun::variables() const {
  std::vector<Variable*> list = model_->weights();
  compiled_->optimizer().addVariables(list);
  const auto& logs = train_.logs()->variables();
  list.insert(list.end(), logs.begin(), logs.end());
  list.push_back(&model_->step());
  return list;
}

void FitRun::resumeAt(const Json& json) {
  ConfigReader reader("resume", json);
  FitPlace place;
  for (const auto& [key, value] : kFields) {
    place.*value = reader.integer(key, std::nullopt, -1, int64_t{1} << 53);
  }
  reader.finish();
  const auto next = static_cast<FitStep>(place.next);
  if (next < FitStep::EpochBegin || next > FitStep::TrainEnd || next == FitStep::ValidationBatch ||
      next == FitStep::ValidationEnd) {
    reader.fail("next", "a place outside validation");
  }
  if (place.batchOfPass < 0 || place.batchOfPass > (options_.fed ? 0 : train_.count())) {
    reader.fail("batch_of_pass", "a batch of the data");
  }
  if (!options_.fed) place.steps = at_.steps;
  if (!options_.validationFed) place.validationSteps = at_.validationSteps;
  at_ = place;
  // There may be more epochs to do than there were.
  if (next == FitStep::EpochBegin || next == FitStep::TrainEnd) endEpoch();

  const Model::Counters before = model_->counters();
  model_->setCounters({static_cast<uint64_t>(place.seed), place.shuffles, place.traced});
  try {
    train_.plan();
  } catch (...) {
    model_->setCounters(before);
    throw;
  }
  const bool isInPass = !options_.fed && place.pass > 0 && place.batchOfPass < train_.count();
  if (isInPass && options_.shuffle) train_.shuffle(model_->lastShuffle());
}

}  // namespace tabtrain
