#pragma once

#include <string>

#include "base/json.h"
#include "checkpoint/bytes.h"
#include "checkpoint/crc32c.h"
#include "fuzz_check.h"
#include "model/model.h"

// One input of the config fuzzer: u8 mode, then JSON.
//   mode % 2 == 0: a model's config
//   mode % 2 == 1: what `compile` takes, for a small model
// Some of what is read makes a step of training as well.

namespace tabtrain::fuzz {

/// Steps of larger models take longer than they tell.
constexpr size_t kMostBytes = size_t{1} << 20;
constexpr int64_t kMostParams = 4096;
constexpr size_t kMostLayers = 32;

inline const char* const kSmallModel =
    R"({"class_name": "Sequential", "config": {"layers": [
      {"class_name": "Dense", "config": {"units": 3, "batch_input_shape": [null, 4]}},
      {"class_name": "BatchNormalization", "config": {}},
      {"class_name": "Dense", "config": {"units": 2, "trainable": false}}]}})";

inline TensorPtr zeros(const Shape& of) {
  std::vector<int64_t> sizes = of.sizesWithoutBatch();
  sizes.insert(sizes.begin(), 2);
  return std::make_shared<Tensor>(DType::Float32, sizes);
}

/// One in `many` inputs, always the same ones: a step takes longer than reading.
inline bool isChosen(std::string_view text, uint32_t many) {
  return crc32c(asBytes(text)) % many == 0;
}

/// One step of training on zeros.
inline void trainOnce(Model& model) {
  const Sequential& network = model.network();
  const StepData data{zeros(Shape::batched(*network.inputSizes())), zeros(network.outputShape()),
                      nullptr};
  const Json options = {{"kind", "train"}};
  model.runOnBatch(OnBatchOptions(options), data);
}

inline void readConfig(const std::string& text) {
  std::shared_ptr<Model> model;
  if (!attempt([&] { model = std::make_shared<Model>(text, 1); })) return;
  const Json written = model->network().toJson();
  // Numbers that JSON does not have do not survive it.
  std::shared_ptr<Model> again;
  const bool isRead = attempt([&] { again = std::make_shared<Model>(written.dump(), 1); });
  // A recording is not written: what is read again is a class of that name, if there is one.
  const bool isRecorded = text.find("recorded") != std::string::npos;
  check(isRecorded || isRead, "what is written is not read");
  check(isRecorded || again->network().toJson() == written, "a config does not survive being read");
  model->describe();
  const bool isSmall = model->network().countParams().total <= kMostParams &&
                       model->network().sublayers().size() <= kMostLayers;
  if (!isSmall || !model->network().isBuilt()) return;
  attempt([&] { model->forwardGraph({}, true); });
  if (!isChosen(text, 64)) return;
  attempt([&] {
    model->compile({{"optimizer", "adam"}, {"loss", "mse"}});
    trainOnce(*model);
  });
}

inline void readCompile(const std::string& text) {
  const auto model = std::make_shared<Model>(kSmallModel, 1);
  if (!attempt([&] { model->compile(parseJson(text, "compile")); })) return;
  attempt([&] { model->compiled()->toJson(); });
  model->describe();
  if (isChosen(text, 16)) attempt([&] { trainOnce(*model); });
}

inline void runConfigInput(ByteSpan input) {
  if (input.empty()) return;
  const auto mode = std::to_integer<uint8_t>(input[0]);
  const std::string text(asText(input.subspan(1)));
  const MemoryBound bound(kMostBytes);
  if ((mode & 1) == 0) {
    readConfig(text);
  } else {
    readCompile(text);
  }
}

}  // namespace tabtrain::fuzz
