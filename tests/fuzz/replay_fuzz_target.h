#pragma once

#include "config_fuzz_target.h"
#include "graph/replay.h"
#include "losses/loss.h"

// One input of the replay fuzzer: u8 mode, then a recording as JSON.
//   mode % 4 == 0: what a layer does
//   mode % 4 == 1: what it does in training only
//   mode % 4 == 2: a loss; mode % 4 == 3: a metric
// Some of what is read makes a step of training as well.

namespace tabtrain::fuzz {

inline Json recordedLayer(const Json& recording, bool trainingOnly) {
  const Json weights = Json::parse(R"([{"name": "gain", "shape": [3], "initializer": "ones"},
    {"name": "kernel", "shape": [3, 2]}, {"name": "seen", "shape": [], "trainable": false}])");
  const Json same = Json::parse(R"({"nodes": [], "outputs": [0]})");
  const Json recorded = {{"weights", weights},
                         {"inference", trainingOnly ? same : recording},
                         {"training", trainingOnly ? recording : Json()}};
  const Json config = {{"batch_input_shape", Json::array({nullptr, 3})}, {kRecorded, recorded}};
  return {{"class_name", "Sequential"},
          {"config",
           {{"layers",
             Json::array({{{"class_name", "Mine"}, {"config", config}},
                          Json::parse(R"({"class_name": "Dense", "config": {"units": 2}})")})}}}};
}

inline void readLayer(const Json& recording, bool trainingOnly, bool trains) {
  const auto model = std::make_shared<Model>(recordedLayer(recording, trainingOnly).dump(), 1);
  model->forwardGraph({}, true);
  if (!trains) return;
  model->compile({{"optimizer", "sgd"}, {"loss", "mse"}});
  trainOnce(*model);
}

inline void readFunction(const Json& recording, bool isLoss, bool trains) {
  const Json function = {{"class_name", "mine"}, {"config", {{kRecorded, recording}}}};
  if (!trains) {
    Graph graph;
    const Expr y = graph.input("y", {DType::Float32, Shape::batched({3})});
    makeLoss(function)->perSample(y, y);
    return;
  }
  const auto model = std::make_shared<Model>(kSmallModel, 1);
  model->compile({{"optimizer", "sgd"},
                  {"loss", isLoss ? function : Json("mse")},
                  {"metrics", isLoss ? Json::array() : Json::array({function})}});
  trainOnce(*model);
}

inline void runReplayInput(ByteSpan input) {
  if (input.empty()) return;
  const auto mode = std::to_integer<uint8_t>(input[0]);
  const std::string_view text = asText(input.subspan(1));
  const MemoryBound bound(kMostBytes);
  Json recording;
  if (!attempt([&] { recording = Json::parse(text); })) return;
  const bool trains = isChosen(text, 16);
  attempt([&] {
    if ((mode & 2) == 0) {
      readLayer(recording, (mode & 1) != 0, trains);
    } else {
      readFunction(recording, (mode & 1) == 0, trains);
    }
  });
}

}  // namespace tabtrain::fuzz
