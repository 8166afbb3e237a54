#pragma once

#include "base/config_reader.h"
#include "graph/replay.h"

namespace tabtrain {

/// A function of targets and predictions that the engine does not have: a loss or metric from its
/// config with the key `recorded`, a recording for `replay` with two inputs and one output.
class RecordedFunction {
 public:
  /// Whether a name or config is one.
  static bool is(const Json& json) {
    const Json* config = json.find("config");
    return config != nullptr && config->contains(kRecorded);
  }

  explicit RecordedFunction(const ClassConfig& config)
      : className_(config.className), recording_(config.config[kRecorded]), config_(config.config) {
    config_.erase(kRecorded);
    if (!config_.contains("name")) config_["name"] = className_;
  }

  const std::string& className() const { return className_; }
  /// What a config says besides.
  const Json& config() const { return config_; }
  /// Keras gives targets [batch] the second axis that predictions [batch, n] have
  /// (keras/engine/compile_utils.py, `match_dtype_and_rank`).
  Expr operator()(Expr yTrue, Expr yPred) const {
    if (yTrue.rank() == 1 && yPred.rank() == 2) {
      yTrue = reshape(yTrue, Shape({yTrue.shape()[0], Dim{}}));
    }
    return replay(*yPred.graph, recording_, {yTrue, yPred}).at(0);
  }

 private:
  std::string className_;
  Json recording_;
  Json config_;
};

}  // namespace tabtrain
