#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/executable.h"
#include "model/compiled.h"

namespace tabtrain {

/// The running means of loss and metrics over a pass of data: state that each step's graph updates,
/// and a small program of its own that reads it.
class RunningLogs {
 public:
  /// For targets and predictions of these shapes; the state's paths begin with `path` ("train").
  RunningLogs(const Compiled& compiled, const Shape& target, const Shape& prediction,
              const std::string& path);

  /// Records the update for one batch. The loss is the batch's mean; it counts as often as the
  /// batch has rows, and a vector of losses (`Loss::isVector`) by the square of that
  /// (keras/engine/compile_utils.py, `LossesContainer`).
  void update(Expr loss, Expr yTrue, Expr yPred, Expr weights);

  /// The shape of the targets.
  const Shape& target() const { return target_; }

  void reset();
  const std::vector<Variable*>& variables() const { return variables_; }
  /// In the order of `Compiled::metricsNames`.
  std::vector<double> read() const;

 private:
  struct WeightedMetric {
    std::unique_ptr<Metric> metric;
    bool isWeighted;
  };

  bool lossIsVector_;
  Shape target_;
  // Graphs keep the address of a variable, so these stay where they are when the logs move.
  std::unique_ptr<Variable> lossTotal_;
  std::unique_ptr<Variable> rows_;
  std::vector<WeightedMetric> metrics_;
  std::vector<Variable*> variables_;  // of all of these
  std::unique_ptr<Executable> reader_;
};

}  // namespace tabtrain
