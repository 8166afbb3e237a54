#include "model/phase.h"

#include <algorithm>

#include "model/model.h"
#include "model/targets.h"

namespace tabtrain {

StepData checkedData(const Model& model, const Compiled& compiled, StepData data,
                     const Json& classWeight, const std::string& what) {
  checkInput(model.network(), *data.x, what);
  checkTargets(model.network(), compiled, data, what);
  data.weights = rowWeights(data.weights, classWeight, *data.y, what);
  return data;
}

Phase::Phase(Kind kind, Model& model, std::shared_ptr<const Compiled> compiled, const char* path,
             std::shared_ptr<RunningLogs> logs)
    : kind_(kind),
      model_(&model),
      compiled_(std::move(compiled)),
      path_(path),
      logs_(std::move(logs)) {}

void Phase::take(const StepData& data, int64_t begin, int64_t end, int64_t batchSize) {
  data_ = data;
  std::vector<TensorPtr> tensors = {data.x};
  if (kind_ != Kind::Predict) tensors = data.list();
  if (data.y && !logs_) {
    logs_ = std::make_shared<RunningLogs>(*compiled_, Shape::batched(data.y->rowSizes()),
                                          model_->network().outputShape(), path_);
  }
  batches_.emplace(std::move(tensors), begin, end, batchSize);
}

void Phase::feed(const StepData& data, const std::string& what) {
  if (data.y && logs_) {
    const Shape target = Shape::batched(data.y->rowSizes());
    require(
        target == logs_->target(),
        [&] {
          return what + ": y: expected shape " + logs_->target().toString() +
                 " as in the batches before, got " + sizesToString(data.y->sizes());
        },
        ErrorCode::ShapeMismatch);
  }
  const int64_t rows = data.x->rows();
  take(data, 0, rows, rows);
  plan();
}

bool Phase::plan() {
  std::vector<ValueType> signature;
  for (const TensorPtr& tensor : batches_->tensors()) {
    signature.push_back({tensor->dtype(), Shape::batched(tensor->rowSizes())});
  }
  const int64_t rows = batches_->largest();
  if (program_ && rows <= program_->maxBatch() && signature == signature_) return false;
  signature_ = std::move(signature);
  program_.reset();  // first, so that there is never memory for two
  switch (kind_) {
    case Kind::Train: {
      Optimizer& optimizer = compiled_->optimizer();
      const bool wasBuilt = optimizer.isBuilt();
      try {
        program_ = traceTrainStep(*model_, *compiled_, data_, *logs_, rows);
      } catch (...) {
        if (!wasBuilt) optimizer.unbuild();
        throw;
      }
      break;
    }
    case Kind::Test:
      program_ = traceTestStep(*model_, *compiled_, data_, *logs_, rows);
      break;
    case Kind::Predict:
      program_ = tracePredictStep(*model_, *data_.x, rows);
      break;
  }
  return true;
}

int64_t Phase::run(int64_t batch) {
  const int64_t rows = batches_->load(batch, *program_);
  program_->run(rows);
  return rows;
}

int64_t Phase::runFed() {
  const int64_t rows = run(0);
  drop();
  return rows;
}

void Phase::drop() {
  batches_.reset();
  data_ = {};
}

}  // namespace tabtrain
