#pragma once

#include "checkpoint/checkpoint_state.h"
#include "checkpoint/keras_checkpoint.h"
#include "checkpoint/restore_plan.h"
#include "fuzz_check.h"
#include "repair_checksums.h"

// One input of the checkpoint fuzzer:
//   input := u8 mode, u8 model, rest
//   mode % 4 == 0: rest := u16 index_length, index, data          files as they are
//   mode % 4 == 1: the same, with checksums repaired
//   mode % 4 == 2: rest := an object graph, put into a bundle of its own with the model's tensors
//   mode % 4 == 3: rest := text of a `checkpoint` state file

namespace tabtrain::fuzz {

/// The model of tests/cpp/data/mini, compiled in one of several ways.
inline ModelState wantedModel(uint8_t choice) {
  const auto variable = [](std::string name, std::vector<int64_t> shape) {
    const std::string attribute = name.substr(name.find('/') + 1);
    return NamedVariable{attribute, std::move(name), {DType::Float32, std::move(shape), {}}};
  };
  ModelState model;
  model.layers = {{"dense", {variable("dense/kernel", {4, 5}), variable("dense/bias", {5})}},
                  {"dropout", {}},
                  {"dense_1", {variable("dense_1/kernel", {5, 3}), variable("dense_1/bias", {3})}}};
  struct Compiled {
    const char* className;
    std::vector<const char*> slots;
  };
  static const std::vector<Compiled> kOptimizers = {
      {"Adam", {"m", "v"}}, {"Adam", {"m", "v", "vhat"}},     {"SGD", {"momentum"}},
      {"SGD", {}},          {"RMSprop", {"rms", "momentum"}}, {"Nadam", {"m", "v"}},
      {"Unheard", {"m"}}};
  const size_t index = (choice >> 1) % (kOptimizers.size() + 1);
  if (index == kOptimizers.size()) return model;
  OptimizerState optimizer;
  optimizer.className = optimizer.name = kOptimizers[index].className;
  optimizer.generation = (choice & 1) != 0 ? OptimizerGeneration::New : OptimizerGeneration::Legacy;
  optimizer.built = (choice & 0x80) != 0;
  for (const char* hyper : {"learning_rate", "beta_1", "decay", "u_product"}) {
    optimizer.hypers.emplace_back(hyper, 0.0f);
  }
  for (const char* slot : kOptimizers[index].slots) {
    OptimizerState::Slot values{slot, {}};
    for (const auto& layer : model.layers) {
      for (const auto& of : layer.variables) values.values.push_back(of.value);
    }
    optimizer.slots.push_back(std::move(values));
  }
  model.optimizer = std::move(optimizer);
  return model;
}

/// Reads everything that a plan points at.
inline uint32_t touch(const RestorePlan& plan) {
  uint32_t sum = 0;
  for (const auto& variable : plan.variables) {
    if (variable.stored) sum = crc32c(variable.stored->value.bytes, sum);
  }
  if (plan.optimizer) {
    for (const auto& slot : plan.optimizer->slots) {
      for (const auto& value : slot.values) {
        if (value) sum = crc32c(value->value.bytes, sum);
      }
    }
  }
  return sum;
}

inline void readFiles(ByteSpan index, ByteSpan data, const ModelState& wanted) {
  attempt([&] { listVariables(index); });
  attempt([&] {
    const size_t shardCount = readBundleIndex(index).shardCount;
    std::vector<ByteSpan> shards(std::min<size_t>(shardCount, 4), data);
    const Bundle bundle(index, std::move(shards));
    attempt([&] { touch(matchCheckpoint(bundle, wanted)); });
    attempt([&] {
      const BundleFiles first = rewrite(bundle);
      const BundleFiles second = rewrite(Bundle(first.index, {first.data}));
      check(first.index == second.index && first.data == second.data,
            "a rewritten checkpoint is written differently the second time");
    });
  });
}

inline void readGraph(ByteSpan graph, const ModelState& wanted) {
  BundleWriter writer;
  for (const auto& layer : wanted.layers) {
    for (const auto& variable : layer.variables) {
      size_t size = sizeof(float);
      for (const int64_t dimension : variable.value.shape) size *= static_cast<size_t>(dimension);
      writer.add("v/" + variable.fullName, TensorflowDType::Float, variable.value.shape,
                 Bytes(size));
    }
  }
  writer.add("s", TensorflowDType::Float, {}, Bytes(4));
  writer.add("i", TensorflowDType::Int64, {}, Bytes(8));
  writer.addStrings(std::string(kObjectGraphKey), {}, {asText(graph)});
  const BundleFiles files = writer.finish();
  readFiles(files.index, files.data, wanted);
}

inline void readState(std::string_view text) {
  const auto state = parseCheckpointState(text);
  check(state.has_value() || latestCheckpointPath(text).empty(), "a path from a malformed state");
  if (!state) return;
  const std::string written = formatCheckpointState(*state);
  const auto again = parseCheckpointState(written);
  check(again && formatCheckpointState(*again) == written, "a state does not survive its own text");
}

inline void runCheckpointInput(ByteSpan input) {
  if (input.size() < 2) return;
  const auto mode = std::to_integer<uint8_t>(input[0]);
  const ModelState wanted = wantedModel(std::to_integer<uint8_t>(input[1]));
  ByteSpan rest = input.subspan(2);
  if (mode % 4 == 3) return readState(asText(rest));
  if (mode % 4 == 2) return readGraph(rest, wanted);
  if (rest.size() < 2) return;
  const size_t stated = std::to_integer<size_t>(rest[0]) | std::to_integer<size_t>(rest[1]) << 8;
  rest = rest.subspan(2);
  const size_t indexSize = std::min(stated, rest.size());
  // Exact allocations, so that AddressSanitizer sees every read beyond an end.
  Bytes index(rest.begin(), rest.begin() + static_cast<ptrdiff_t>(indexSize));
  Bytes data(rest.begin() + static_cast<ptrdiff_t>(indexSize), rest.end());
  if (mode % 4 == 1) ChecksumRepair(index, data).run();
  readFiles(index, data, wanted);
}

}  // namespace tabtrain::fuzz
