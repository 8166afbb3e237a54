#include "regularizers/regularizer.h"

namespace tabtrain {
namespace {

/// factor times the mean |cosine| between different rows (or columns) of a matrix [rows, columns].
/// keras/regularizers.py, OrthogonalRegularizer.
class Orthogonal : public Regularizer {
 public:
  explicit Orthogonal(ConfigReader& reader)
      : factor_(reader.number("factor", 0.01)), mode_(reader.string("mode", "rows")) {
    if (mode_ != "rows" && mode_ != "columns") reader.fail("mode", "\"rows\" or \"columns\"");
  }
  const char* className() const override { return "OrthogonalRegularizer"; }

  Expr penalty(Expr x) const override {
    require(
        x.rank() == 2,
        [&] {
          return "OrthogonalRegularizer: expected a matrix, got a tensor of shape " +
                 x.shape().toString();
        },
        ErrorCode::ShapeMismatch);
    const bool rows = mode_ == "rows";
    const size_t axis = rows ? 1 : 0;
    const Dim count = x.shape()[1 - axis];
    // As tf.math.l2_normalize.
    const Expr squares = sum(square(x), axis, axis + 1, /*keepDims=*/true);
    const Expr unit = x * reciprocalSquareRoot(maximum(squares, x.graph->constant(1e-12f)));
    const Expr cosines = matMul(unit, unit, /*transposeA=*/!rows, /*transposeB=*/rows);
    const Expr total = sumAll(absolute(cosines)) - sumAll(square(unit));  // without the diagonal
    const double number = static_cast<double>(count.size);
    const double pairs = number * (number - 1.0) / 2.0;
    return total * static_cast<float>(0.5 * factor_) / static_cast<float>(pairs);
  }
  Json config() const override { return {{"factor", factor_}, {"mode", mode_}}; }

 private:
  double factor_;
  std::string mode_;
};

}  // namespace

std::unique_ptr<Regularizer> makeOrthogonalRegularizer(ConfigReader& reader) {
  return std::make_unique<Orthogonal>(reader);
}

}  // namespace tabtrain
