#include "graph_runner.h"

#include <cstring>

#include "graph/executable.h"
#include "kernels/elementwise.h"

namespace tabtrain::testing {
namespace {

template <typename T>
void write(std::byte* memory, const std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    const T value = static_cast<T>(values[i]);
    std::memcpy(memory + i * sizeof(T), &value, sizeof(T));
  }
}

}  // namespace

void writeElements(std::byte* memory, DType dtype, const std::vector<double>& values) {
  switch (dtype) {
    case DType::Float32:
      return write<float>(memory, values);
    case DType::Float64:
      return write<double>(memory, values);
    case DType::Int32:
      return write<int32_t>(memory, values);
    case DType::Int64:
      return write<int64_t>(memory, values);
    case DType::Uint8:
    case DType::Bool:
      return write<uint8_t>(memory, values);
  }
}

Expr GraphRunner::feed(const Tensor& tensor) {
  inputs_.push_back(tensor);
  const std::vector<int64_t> sizes(tensor.shape.begin() + 1, tensor.shape.end());
  return graph_->input("input" + std::to_string(inputs_.size()),
                       {tensor.dtype, Shape::batched(sizes)});
}

Expr GraphRunner::feed(const std::vector<int64_t>& shape, const std::vector<double>& values) {
  return feed(Tensor{shape, DType::Float32, values});
}

void GraphRunner::setInput(size_t index, std::vector<double> values) {
  inputs_.at(index).values = std::move(values);
}

std::vector<std::vector<float>> GraphRunner::run(const std::vector<Expr>& fetches) {
  const int64_t batch = inputs_.empty() ? 1 : inputs_[0].rows();
  Executable executable(graph_, fetches, batch);
  for (size_t i = 0; i < inputs_.size(); ++i) {
    writeElements(executable.input(i), inputs_[i].dtype, inputs_[i].values);
  }
  executable.run(batch);
  std::vector<std::vector<float>> results;
  for (size_t i = 0; i < fetches.size(); ++i) {
    const auto count = static_cast<size_t>(fetches[i].shape().elements().at(batch));
    kernels::toFloat(executable.fetch(i), fetches[i].type().dtype, static_cast<int64_t>(count),
                     results.emplace_back(count).data());
  }
  return results;
}

}  // namespace tabtrain::testing
