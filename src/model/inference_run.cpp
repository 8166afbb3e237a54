#include "model/inference_run.h"

#include <algorithm>
#include <cstring>

#include "model/model.h"
#include "model/targets.h"

namespace tabtrain {
namespace {

std::vector<int64_t> withRows(int64_t rows, const std::vector<int64_t>& rowSizes) {
  std::vector<int64_t> sizes = {rows};
  sizes.insert(sizes.end(), rowSizes.begin(), rowSizes.end());
  return sizes;
}

StepData checked(const Model& model, const Compiled& compiled, StepData data) {
  checkInput(model.network(), *data.x, "model.evaluate");
  checkTargets(model.network(), compiled, data, "model.evaluate");
  data.weights = rowWeights(data.weights, nullptr, *data.y);
  return data;
}

const Tensor& checkedInput(const Model& model, const TensorPtr& x) {
  checkInput(model.network(), *x, "model.predict");
  return *x;
}

}  // namespace

InferenceOptions::InferenceOptions(const Json& json, const char* what) {
  ConfigReader reader(what, json);
  batchSize = reader.integer("batch_size", 32, 1);
  if (!reader.any("steps").is_null()) steps = reader.integer("steps", std::nullopt, 1);
  reader.finish();
}

EvaluateRun::EvaluateRun(std::shared_ptr<Model> model, const InferenceOptions& options,
                         const StepData& given)
    : model_(std::move(model)),
      compiled_(model_->compiled()),
      batches_({}, 0, 0, 1),
      logs_(*compiled_, Shape::batched(given.y->rowSizes()), model_->network().outputShape(),
            "test") {
  const StepData data = checked(*model_, *compiled_, given);
  batches_ = Batches(data.list(), 0, data.x->rows(), options.batchSize);
  program_ = traceTestStep(*model_, *compiled_, data, logs_, batches_.largest());
  steps_ = options.steps.value_or(batches_.count());
  model_->noteTraced(Model::Traced::Evaluate);
}

bool EvaluateRun::next() {
  if (batch_ == std::min(steps_, batches_.count())) return false;
  program_->run(batches_.load(batch_, *program_));
  ++batch_;
  return true;
}

PredictRun::PredictRun(std::shared_ptr<Model> model, const InferenceOptions& options,
                       const TensorPtr& x)
    : model_(std::move(model)),
      batches_({x}, 0, checkedInput(*model_, x).rows(), options.batchSize),
      program_(tracePredictStep(*model_, *x, batches_.largest())),
      steps_(std::min(options.steps.value_or(batches_.count()), batches_.count())),
      rowSizes_(model_->network().outputShape().sizesWithoutBatch()),
      output_(DType::Float32,
              withRows(std::min(x->rows(), steps_ * options.batchSize), rowSizes_)) {
  model_->noteTraced(Model::Traced::Predict);
}

bool PredictRun::next() {
  if (batch_ == steps_) return false;
  const int64_t rows = batches_.load(batch_, *program_);
  program_->run(rows);
  const size_t rowBytes = output_.rowBytes();
  std::memcpy(output_.bytes().data() + static_cast<size_t>(rowsDone_) * rowBytes,
              program_->fetch(0), static_cast<size_t>(rows) * rowBytes);
  rowsDone_ += rows;
  ++batch_;
  return true;
}

std::span<const std::byte> PredictRun::output() const {
  return output_.bytes().first(static_cast<size_t>(rowsDone_) * output_.rowBytes());
}

std::vector<int64_t> PredictRun::outputShape() const { return withRows(rowsDone_, rowSizes_); }

}  // namespace tabtrain
