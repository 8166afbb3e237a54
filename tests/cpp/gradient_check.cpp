#include "gradient_check.h"

#include "graph/autodiff.h"
#include "graph_runner.h"

namespace tabtrain::testing {
namespace {

std::vector<double> spread(int64_t count, double low, double high, int64_t seed) {
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    const auto share = static_cast<double>((i * 37 + seed * 11) % 101 + 1) / 103.0;
    values.push_back(low + (high - low) * share);
  }
  return values;
}

/// One tensor whose gradient is checked.
struct Source {
  std::string name;
  std::vector<double> values;
  std::function<void(const std::vector<double>&)> set;
};

}  // namespace

Tensor spreadTensor(const std::vector<int64_t>& shape, double low, double high, int64_t seed) {
  return {shape, DType::Float32, spread(elementCount(shape), low, high, seed)};
}

void checkGradient(const std::vector<Tensor>& inputs, const GraphFunction& f,
                   const std::vector<Variable*>& variables, DifferenceOptions options) {
  GraphRunner runner;
  std::vector<Expr> xs;
  std::vector<Expr> exprs;
  std::vector<Source> sources;
  for (size_t i = 0; i < inputs.size(); ++i) {
    xs.push_back(runner.feed(inputs[i]));
    if (inputs[i].dtype != DType::Float32) continue;
    exprs.push_back(xs.back());
    sources.push_back({"input " + std::to_string(i), inputs[i].values,
                       [&runner, i](const auto& values) { runner.setInput(i, values); }});
  }
  const Expr y = f(xs);
  for (Variable* variable : variables) {
    exprs.push_back(runner.graph().read(*variable));
    const float* floats = variable->floats();
    sources.push_back(
        {variable->path(), {floats, floats + variable->count()}, [variable](const auto& values) {
           writeElements(variable->data(), DType::Float32, values);
         }});
  }

  const Dim elements = y.shape().elements();
  std::vector<double> c(static_cast<size_t>(elements.at(inputs[0].rows())), 1.0);
  Expr target = sumAll(y);
  if (y.shape().isBatched()) {
    std::vector<int64_t> shape = {y.shape()[0].at(inputs[0].rows())};
    for (int64_t size : y.shape().sizesWithoutBatch()) shape.push_back(size);
    c = spread(elementCount(shape), -1, 1, 5);
    target = sumAll(y * runner.feed({shape, DType::Float32, c}));
  }
  const auto evaluate = [&] {
    const auto out = runner.run({y})[0];
    double sum = 0;
    for (size_t i = 0; i < out.size(); ++i) sum += c[i] * static_cast<double>(out[i]);
    return sum;
  };

  const std::vector<Expr> gradientExprs = gradients(target, exprs);
  for (size_t s = 0; s < sources.size(); ++s) {
    ASSERT_TRUE(static_cast<bool>(gradientExprs[s])) << "no gradient of " << sources[s].name;
  }
  const auto analytic = runner.run(gradientExprs);
  for (size_t s = 0; s < sources.size(); ++s) {
    const Source& source = sources[s];
    for (size_t e = 0; e < source.values.size(); ++e) {
      const auto at = [&](double offset) {
        std::vector<double> moved = source.values;
        moved[e] += offset;
        source.set(moved);
        return evaluate();
      };
      const double h = options.step;
      const double numeric = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      ASSERT_TRUE(isClose(analytic[s][e], numeric, options.tolerance))
          << source.name << "[" << e << "] = " << source.values[e] << ": gradient "
          << analytic[s][e] << ", by differences " << numeric;
    }
    source.set(source.values);
  }
}

}  // namespace tabtrain::testing
