#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/batches.h"
#include "model/programs.h"

namespace tabtrain {

/// `data` as a step takes them: checked against the network and the loss, with one weight a row
/// where there are sample or class weights. `what` begins the sentence of an error. Throws
/// ShapeMismatch, InvalidArgument.
StepData checkedData(const Model& model, const Compiled& compiled, StepData data,
                     const Json& classWeight, const std::string& what);

/// One kind of step with its data, its compiled program and its running logs. The program is made
/// for the data at hand and kept as long as it fits what comes after; the logs live as long as the
/// phase or whom it shares them with.
class Phase {
 public:
  enum class Kind { Train, Test, Predict };

  /// `compiled` is null for Predict. `logs` are those of another phase, or null for own ones under
  /// `path` ("train"). The model must outlive the phase.
  Phase(Kind kind, Model& model, std::shared_ptr<const Compiled> compiled, const char* path,
        std::shared_ptr<RunningLogs> logs = nullptr);

  /// Takes rows [begin, end) of checked data, to be run in batches.
  void take(const StepData& data, int64_t begin, int64_t end, int64_t batchSize);
  /// Makes the program for the data at hand, unless there is one that fits; returns whether it did.
  /// Throws OutOfMemory.
  bool plan();
  /// Takes all rows as one batch, and plans it. Throws ShapeMismatch, in a sentence that `what`
  /// begins, for targets that the running logs are not made for.
  void feed(const StepData& data, const std::string& what);

  /// The batches at hand.
  int64_t count() const { return batches_ ? batches_->count() : 0; }
  void shuffle(const PhiloxStream& stream) { batches_->shuffle(stream); }
  /// Runs a batch and returns its number of rows.
  int64_t run(int64_t batch);
  /// Runs the batch that was fed, and lets go of it.
  int64_t runFed();
  /// Lets go of the batch that was fed.
  void drop();

  const std::shared_ptr<RunningLogs>& logs() const { return logs_; }
  /// Null before `plan`.
  const Executable* program() const { return program_.get(); }

 private:
  Kind kind_;
  Model* model_;
  std::shared_ptr<const Compiled> compiled_;
  const char* path_;
  StepData data_;
  std::optional<Batches> batches_;
  std::shared_ptr<RunningLogs> logs_;
  std::vector<ValueType> signature_;  // the inputs of the program
  std::unique_ptr<Executable> program_;
};

}  // namespace tabtrain
