#pragma once

#include <memory>
#include <string>
#include <vector>

#include "golden.h"
#include "graph/expr.h"

namespace tabtrain::testing {

/// A graph under test and the values of its inputs.
class GraphRunner {
 public:
  Graph& graph() { return *graph_; }

  /// An input that holds `tensor`; its first extent is the batch.
  Expr feed(const Tensor& tensor);
  /// A float32 input.
  Expr feed(const std::vector<int64_t>& shape, const std::vector<double>& values);
  void setInput(size_t index, std::vector<double> values);

  /// Runs the graph once, at the batch size of its inputs (1 without any); all fetches as float32.
  std::vector<std::vector<float>> run(const std::vector<Expr>& fetches);

 private:
  std::shared_ptr<Graph> graph_ = std::make_shared<Graph>();
  std::vector<Tensor> inputs_;
};

/// Writes `values` as elements of `dtype`.
void writeElements(std::byte* memory, DType dtype, const std::vector<double>& values);

}  // namespace tabtrain::testing
