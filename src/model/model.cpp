#include "model/model.h"

#include <algorithm>
#include <cstring>

#include "kernels/elementwise.h"

namespace tabtrain {
namespace {

/// Integers of callers arrive with 32 bits.
bool isWidened(const Tensor& value, const Variable& variable) {
  return value.dtype() == DType::Int32 && variable.dtype() == DType::Int64;
}

/// Data have a first axis; a scalar comes as [1].
bool fits(const Tensor& value, const Variable& variable) {
  const bool isScalar = variable.sizes().empty() && value.count() == 1;
  return (isScalar || value.sizes() == variable.sizes()) &&
         (value.dtype() == variable.dtype() || isWidened(value, variable));
}

void readRow(const Tensor& data, int64_t row, float* out) {
  const std::byte* bytes = data.bytes().data() + static_cast<size_t>(row) * data.rowBytes();
  kernels::toFloat(bytes, data.dtype(), data.count() / data.rows(), out);
}

}  // namespace

Model::Model(const std::string& configJson, uint64_t seed)
    : network_(readModel(parseJson(configJson, "model"))),
      counters_{seed},
      step_("step", "train/step", DType::Int64, {}, false) {
  if (network_->inputSizes()) network_->buildModel(*network_->inputSizes(), seed);
}

void Model::build(const std::optional<std::vector<int64_t>>& sizes) {
  if (network_->isBuilt()) {
    require(
        !sizes || *sizes == *network_->inputSizes(),
        [&] {
          return "model.build: the model is built for input shape " +
                 Shape::batched(*network_->inputSizes()).toString() + ", got " +
                 Shape::batched(*sizes).toString();
        },
        ErrorCode::ShapeMismatch);
    return;
  }
  require(sizes.has_value(), [] {
    return std::string(
        "model: not built yet, since its first layer has no inputShape: give it one, call "
        "build(inputShape), or call fit, evaluate or predict with data");
  });
  network_->buildModel(*sizes, seed());
}

void Model::compile(const Json& json) {
  compiled_ = std::make_shared<Compiled>(json);
  trained_.clear();
  counters_.traced = 0;
  onBatch_ = {};
}

Layer& Model::layerAt(const std::vector<int64_t>& path) const {
  Layer* layer = network_.get();
  for (const int64_t index : path) {
    const auto& layers = layer->sublayers();
    require(index >= 0 && index < static_cast<int64_t>(layers.size()), [&] {
      return "layer: expected the place of a layer below " + std::to_string(layers.size()) +
             ", got " + std::to_string(index);
    });
    layer = layers[static_cast<size_t>(index)].get();
  }
  return *layer;
}

void Model::setTrainable(const std::vector<int64_t>& path, bool trainable) {
  layerAt(path).setTrainable(trainable);
}

void Model::adapt(const std::vector<int64_t>& path, const Tensor& data) {
  const bool wasBuilt = network_->isBuilt();
  if (path == std::vector<int64_t>{0}) network_->buildModel(data.rowSizes(), seed());
  weights();  // throws where there are none
  try {
    const Layer& layer = layerAt(path);
    Adaptable* adaptable = layerAt(path).adaptable();
    require(adaptable != nullptr, [&] {
      return layer.name() + ": adapt: expected a layer that learns from data, such as " +
             "Normalization, got " + layer.className();
    });
    adaptable->adapt(data, readRow);
  } catch (...) {
    if (!wasBuilt) network_->unbuild();
    throw;
  }
}

const std::vector<Variable*>& Model::trainedWeights() {
  if (trained_.empty()) trained_ = network_->trainableWeights();
  return trained_;
}

std::vector<Variable*> Model::weightsToTrain() const {
  return trained_.empty() ? network_->trainableWeights() : trained_;
}

std::shared_ptr<const Compiled> Model::compiled() const {
  require(compiled_ != nullptr, [] {
    return std::string("model: not compiled yet; call compile with an optimizer and a loss first");
  });
  return compiled_;
}

PhiloxStream Model::nextShuffle() {
  ++counters_.shuffles;
  return lastShuffle();
}

PhiloxStream Model::lastShuffle() const {
  return {streamKey(seed(), "train/shuffle"), static_cast<uint64_t>(counters_.shuffles - 1)};
}

std::vector<Variable*> Model::weights() const {
  require(network_->isBuilt(), [] {
    return std::string(
        "model: no weights yet; call build(inputShape), or fit, evaluate or predict with data");
  });
  return network_->orderedWeights();
}

void Model::setWeights(const std::vector<TensorPtr>& values) {
  const std::vector<Variable*> variables = weights();
  require(values.size() == variables.size(), [&] {
    return "model.setWeights: expected " + std::to_string(variables.size()) + " tensors, got " +
           std::to_string(values.size());
  });
  for (size_t i = 0; i < values.size(); ++i) {
    const Variable& variable = *variables[i];
    const Tensor& value = *values[i];
    require(
        fits(value, variable),
        [&] {
          return "model.setWeights: " + variable.name() + ": expected " +
                 dtypeName(variable.dtype()) + " " + sizesToString(variable.sizes()) + ", got " +
                 dtypeName(value.dtype()) + " " + sizesToString(value.sizes());
        },
        ErrorCode::ShapeMismatch);
    variable.data();  // may find no room, so before anything is written
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const std::byte* source = values[i]->bytes().data();
    if (isWidened(*values[i], *variables[i])) {
      std::copy_n(reinterpret_cast<const int32_t*>(source), values[i]->count(),
                  &variables[i]->int64());
    } else {
      std::memcpy(variables[i]->data(), source, values[i]->bytes().size());
    }
  }
}

template <typename Start>
auto Model::start(const Tensor& x, Start&& begin) {
  if (network_->isBuilt()) return begin();
  network_->buildModel(x.rowSizes(), seed());
  try {
    return begin();
  } catch (...) {
    trained_.clear();
    onBatch_ = {};
    network_->unbuild();
    throw;
  }
}

std::shared_ptr<FitRun> Model::fit(const FitOptions& options, const StepData& train,
                                   const std::optional<StepData>& validation) {
  compiled();
  return start(*train.x, [&] {
    return std::make_shared<FitRun>(shared_from_this(), options, train, validation);
  });
}

std::shared_ptr<InferenceRun> Model::evaluate(const InferenceOptions& options,
                                              const StepData& data) {
  compiled();
  return start(*data.x, [&] {
    return std::make_shared<InferenceRun>(shared_from_this(), Phase::Kind::Test, options, data);
  });
}

std::shared_ptr<InferenceRun> Model::predict(const InferenceOptions& options, const TensorPtr& x) {
  return start(*x, [&] {
    return std::make_shared<InferenceRun>(shared_from_this(), Phase::Kind::Predict, options,
                                          StepData{x, nullptr, nullptr});
  });
}

bool Model::runOnBatch(const OnBatchOptions& options, const StepData& data) {
  if (options.kind != Phase::Kind::Predict) compiled();
  return start(*data.x, [&] { return onBatch_.run(*this, options, data); });
}

}  // namespace tabtrain
