#include "losses/loss.h"

namespace tabtrain {

Loss::Loss(ConfigReader& reader, const char* defaultName)
    : className_(reader.className()),
      name_(reader.string("name", defaultName)),
      reduction_(reader.string("reduction", "auto")) {
  const bool known = reduction_ == "auto" || reduction_ == "sum_over_batch_size" ||
                     reduction_ == "sum" || reduction_ == "none";
  if (!known) reader.fail("reduction", "\"auto\", \"sum_over_batch_size\", \"sum\" or \"none\"");
}

Json Loss::toJson() const {
  ClassConfig result{className_, {{"reduction", reduction_}, {"name", name_}}};
  result.config.update(ownConfig());
  return result.toJson();
}

Expr Loss::value(Expr yTrue, Expr yPred, Expr weights) const {
  Expr values = perSample(yTrue, yPred);
  if (weights) {
    std::vector<Dim> dims(values.rank());
    dims[0] = weights.shape()[0];
    values = values * reshape(weights, Shape(std::move(dims)));
  }
  if (reduction_ == "sum") return sumAll(values);
  if (isVector()) {
    const Expr total = sumAll(values);
    return total - stopGradient(total) + stopGradient(meanAll(values));
  }
  if (const Expr valid = mask(yTrue, yPred)) return sumAll(values) / sumAll(valid);
  return meanAll(values);
}

Expr matchRank(Expr yTrue, Expr yPred) {
  yTrue = toFloat(yTrue);
  if (yTrue.rank() + 1 == yPred.rank() && yPred.shape().back().isOne()) {
    return reshape(yTrue, yPred.shape());
  }
  require(
      yTrue.shape() == yPred.shape(),
      [&] {
        return "y: expected targets of the shape of the predictions " + yPred.shape().toString() +
               ", got " + yTrue.shape().toString();
      },
      ErrorCode::ShapeMismatch);
  return yTrue;
}

Expr classIndices(Expr yTrue, Expr yPred) {
  std::vector<Dim> dims = yPred.shape().dims();
  dims.pop_back();
  const Shape expected(dims);
  dims.push_back(Dim{});
  const Shape column(std::move(dims));
  require(
      yTrue.shape() == expected || yTrue.shape() == column,
      [&] {
        return "y: expected class indices of shape " + expected.toString() + " or " +
               column.toString() + " for predictions " + yPred.shape().toString() + ", got " +
               yTrue.shape().toString();
      },
      ErrorCode::ShapeMismatch);
  return reshape(yTrue, expected);
}

Expr sumLast(Expr x, bool keepDims) { return sum(x, x.rank() - 1, x.rank(), keepDims); }
Expr meanLast(Expr x) { return mean(x, x.rank() - 1, x.rank()); }

}  // namespace tabtrain
