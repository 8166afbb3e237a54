#include "model/inference_run.h"

#include <algorithm>

#include "model/model.h"

namespace tabtrain {
namespace {

const char* nameOf(Phase::Kind kind) {
  return kind == Phase::Kind::Predict ? "model.predict" : "model.evaluate";
}

}  // namespace

InferenceOptions::InferenceOptions(const Json& json, const char* what) {
  ConfigReader reader(what, json);
  batchSize = reader.integer("batch_size", 32, 1);
  if (!reader.any("steps").is_null()) steps = reader.integer("steps", std::nullopt, 1);
  fed = reader.boolean("fed", false);
  reader.finish();
}

InferenceRun::InferenceRun(std::shared_ptr<Model> model, Phase::Kind kind,
                           const InferenceOptions& options, const StepData& given)
    : model_(std::move(model)),
      kind_(kind),
      compiled_(kind == Phase::Kind::Predict ? nullptr : model_->compiled()),
      phase_(kind, *model_, compiled_, "test"),
      fed_(options.fed) {
  const std::string what = nameOf(kind);
  const StepData data = checked(given, fed_ ? what + ": batch 0" : what);
  const int64_t rows = data.x->rows();
  phase_.take(data, 0, rows, fed_ ? rows : options.batchSize);
  phase_.plan();
  steps_ = options.steps.value_or(fed_ ? 0 : phase_.count());
  if (!fed_) allRows_ = std::min(rows, multiplyCounts(steps_, options.batchSize));
  model_->noteTraced(compiled_ ? Model::Traced::Evaluate : Model::Traced::Predict);
}

StepData InferenceRun::checked(const StepData& data, const std::string& what) const {
  if (compiled_) return checkedData(*model_, *compiled_, data, nullptr, what);
  checkInput(model_->network(), *data.x, what);
  return data;
}

void InferenceRun::feed(const StepData& batch) {
  const std::string what = std::string(nameOf(kind_)) + ": batch " + std::to_string(batch_);
  phase_.feed(checked(batch, what), what);
}

bool InferenceRun::next() {
  const bool isDone = steps_ > 0 && batch_ == steps_;
  if (isDone || phase_.count() <= (fed_ ? 0 : batch_)) return false;
  rows_ = fed_ ? phase_.runFed() : phase_.run(batch_);
  ++batch_;
  return true;
}

std::span<const std::byte> InferenceRun::output() const {
  return outputBytes(*model_, *phase_.program(), rows_);
}

std::vector<int64_t> InferenceRun::outputShape() const { return outputSizes(*model_, rows_); }

std::span<const std::byte> outputBytes(const Model& model, const Executable& program,
                                       int64_t rows) {
  const auto count = static_cast<size_t>(elementCount(outputSizes(model, rows)));
  return std::as_bytes(std::span<const float>(program.fetch(0), count));
}

std::vector<int64_t> outputSizes(const Model& model, int64_t rows) {
  std::vector<int64_t> sizes = model.network().outputShape().sizesWithoutBatch();
  sizes.insert(sizes.begin(), rows);
  return sizes;
}

}  // namespace tabtrain
