#include "checkpoint_fixtures.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tabtrain::testing {

Bytes readTestFile(const std::string& path) {
  const std::string full = std::string(TABTRAIN_TESTS_DIR) + "/" + path;
  std::ifstream file(full, std::ios::binary);
  if (!file) throw std::runtime_error("no test file " + full);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const ByteSpan bytes = asBytes(text);
  return {bytes.begin(), bytes.end()};
}

BundleFiles readTestBundle(const std::string& prefix) {
  return {readTestFile(prefix + ".index"), readTestFile(prefix + ".data-00000-of-00001")};
}

ErrorCode codeOf(const std::function<void()>& run, std::string* message) {
  try {
    run();
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    EXPECT_GT(std::strlen(error.what()), 10u);
    return error.code();
  }
  ADD_FAILURE() << "expected an Error, none came";
  return ErrorCode::Internal;
}

TensorView TensorPool::floats(std::vector<int64_t> shape, float start) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  ByteWriter writer;
  for (int64_t i = 0; i < count; ++i) {
    writer.writeFixed32(std::bit_cast<uint32_t>(start + static_cast<float>(i) / 8));
  }
  return {DType::Float32, std::move(shape), storage_.emplace_back(writer.take())};
}

TensorView TensorPool::copy(const TensorView& view) {
  return {view.dtype, view.shape, storage_.emplace_back(view.bytes.begin(), view.bytes.end())};
}

ModelState miniModel(TensorPool& pool) {
  ModelState state;
  state.layers = {{"dense",
                   {{"kernel", "dense/kernel", pool.floats({4, 5}, 1)},
                    {"bias", "dense/bias", pool.floats({5}, 1)}}},
                  {"dropout", {}},
                  {"dense_1",
                   {{"kernel", "dense_1/kernel", pool.floats({5, 3}, 1)},
                    {"bias", "dense_1/bias", pool.floats({3}, 1)}}}};
  return state;
}

OptimizerState miniAdam(TensorPool& pool, OptimizerGeneration generation) {
  OptimizerState adam;
  adam.className = adam.name = "Adam";
  adam.generation = generation;
  adam.iterations = 1600;
  adam.hypers = {{"learning_rate", 0.001f}, {"beta_1", 0.9f}, {"beta_2", 0.999f}, {"decay", 0.0f}};
  adam.built = true;
  for (const auto& [name, start] : {std::pair{"m", -2.0f}, std::pair{"v", 16.0f}}) {
    adam.slots.push_back({name,
                          {pool.floats({4, 5}, start), pool.floats({5}, start),
                           pool.floats({5, 3}, start), pool.floats({3}, start)}});
  }
  return adam;
}

ModelState withoutValues(ModelState state) {
  for (auto& layer : state.layers) {
    for (auto& variable : layer.variables) variable.value.bytes = {};
  }
  if (state.optimizer) {
    state.optimizer->iterations = 0;
    state.optimizer->built = false;
    for (auto& hyper : state.optimizer->hypers) hyper.second = -1;
    for (auto& slot : state.optimizer->slots) {
      for (auto& value : slot.values) value.bytes = {};
    }
  }
  return state;
}

ModelState restoredState(const ModelState& wanted, const RestorePlan& plan) {
  ModelState state = wanted;
  size_t next = 0;
  for (auto& layer : state.layers) {
    for (auto& variable : layer.variables) {
      const auto& restored = plan.variables.at(next++);
      if (restored.stored) variable.value = restored.stored->value;
    }
  }
  if (!state.optimizer || !plan.optimizer) return state;
  OptimizerState& optimizer = *state.optimizer;
  optimizer.iterations = plan.optimizer->iterations.value_or(0);
  optimizer.hypers = plan.optimizer->hypers;
  for (size_t s = 0; s < optimizer.slots.size(); ++s) {
    for (size_t i = 0; i < optimizer.slots[s].values.size(); ++i) {
      const auto& value = plan.optimizer->slots.at(s).values.at(i);
      if (value) optimizer.slots[s].values[i] = value->value;
    }
  }
  optimizer.built = true;
  return state;
}

std::vector<float> toFloats(ByteSpan bytes) {
  ByteReader reader(bytes, "floats");
  std::vector<float> values;
  while (!reader.atEnd()) values.push_back(std::bit_cast<float>(reader.readFixed32()));
  return values;
}

}  // namespace tabtrain::testing
