#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "graph/executable.h"
#include "layers/sequential.h"
#include "model/compiled.h"
#include "model/running_logs.h"

// The graphs that a model is traced into, one for each kind of step. Their inputs are, in order,
// what `StepData` lists.

namespace tabtrain {

class Model;

/// The tensors of a run: rows of x, y and, where there are any, one weight a row.
struct StepData {
  TensorPtr x;
  TensorPtr y;
  TensorPtr weights;

  std::vector<TensorPtr> list() const;
};

/// Forward pass, running logs, gradients, the optimizer's update.
std::unique_ptr<Executable> traceTrainStep(Model& model, const Compiled& compiled,
                                           const StepData& data, RunningLogs& logs,
                                           int64_t maxBatch);
/// Forward pass of inference and running logs.
std::unique_ptr<Executable> traceTestStep(Model& model, const Compiled& compiled,
                                          const StepData& data, RunningLogs& logs,
                                          int64_t maxBatch);
/// Forward pass of inference; fetch 0 is the prediction.
std::unique_ptr<Executable> tracePredictStep(Model& model, const Tensor& x, int64_t maxBatch);

/// Checks data against the network's input and output and the loss: shapes, equal numbers of rows,
/// class numbers. `what` begins the sentence ("model.fit"). Throws ShapeMismatch, InvalidArgument.
void checkInput(const Sequential& network, const Tensor& x, const std::string& what);
void checkTargets(const Sequential& network, const Compiled& compiled, const StepData& data,
                  const std::string& what);

}  // namespace tabtrain
