#include "model/on_batch.h"

#include "model/inference_run.h"
#include "model/model.h"

namespace tabtrain {
namespace {

struct KindName {
  const char* name;
  Phase::Kind kind;
  Model::Traced traced;
};

constexpr KindName kKinds[] = {
    {"train", Phase::Kind::Train, Model::Traced::Fit},
    {"test", Phase::Kind::Test, Model::Traced::Evaluate},
    {"predict", Phase::Kind::Predict, Model::Traced::Predict},
};

const KindName& rowOf(Phase::Kind kind) { return kKinds[static_cast<size_t>(kind)]; }

}  // namespace

OnBatchOptions::OnBatchOptions(const Json& json) {
  ConfigReader reader("on_batch", json);
  const std::string name = reader.string("kind", "train");
  for (const KindName& each : kKinds) {
    if (name == each.name) kind = each.kind;
  }
  if (name != rowOf(kind).name) reader.fail("kind", "\"train\", \"test\" or \"predict\"");
  resetMetrics = reader.boolean("reset_metrics", true);
  classWeight = reader.any("class_weight");
  reader.finish();
}

bool OnBatch::run(Model& model, const OnBatchOptions& options, const StepData& given) {
  const KindName& row = rowOf(options.kind);
  const std::string what = std::string("model.") + row.name + "OnBatch";
  const bool predicts = options.kind == Phase::Kind::Predict;
  StepData data = given;
  if (predicts) {
    checkInput(model.network(), *data.x, what);
  } else {
    data = checkedData(model, *model.compiled(), given, options.classWeight, what);
    if (logs_ && logs_->target() != Shape::batched(data.y->rowSizes())) *this = {};
    if (logs_ && options.resetMetrics) logs_->reset();
  }
  std::optional<Phase>& phase = phases_[static_cast<size_t>(options.kind)];
  if (!phase) {
    phase.emplace(options.kind, model, predicts ? nullptr : model.compiled(), "on_batch", logs_);
  }
  const int64_t rows = data.x->rows();
  phase->take(data, 0, rows, rows);
  const bool isNew = phase->plan();
  if (isNew) model.noteTraced(row.traced);
  rows_ = phase->runFed();
  if (!predicts) logs_ = phase->logs();
  return isNew;
}

std::span<const std::byte> OnBatch::output(const Model& model) const {
  const auto& phase = phases_[static_cast<size_t>(Phase::Kind::Predict)];
  return outputBytes(model, *phase->program(), rows_);
}

std::vector<int64_t> OnBatch::outputShape(const Model& model) const {
  return outputSizes(model, rows_);
}

}  // namespace tabtrain
