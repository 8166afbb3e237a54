#include <algorithm>

#include "constraints/constraint.h"

/// Constraints on the Euclidean norms of a weight along `axis`, one axis or a list of them.
namespace tabtrain {
namespace {

constexpr float kEpsilon = 1e-7f;  // keras.backend.epsilon()

class NormConstraint : public Constraint {
 public:
  explicit NormConstraint(ConfigReader& reader)
      : axis_(reader.any("axis").is_null() ? Json(0) : reader.any("axis")) {
    const Json list = axis_.is_array() ? axis_ : Json::array({axis_});
    for (const Json& each : list) {
      if (!each.is_number_integer()) reader.fail("axis", "an integer or a list of integers");
      axes_.push_back(each.get<int64_t>());
    }
  }

 protected:
  Expr normsOf(Expr w) const {
    const auto rank = static_cast<int64_t>(w.rank());
    std::vector<bool> summed(w.rank(), false);
    Expr total = square(w);
    for (int64_t given : axes_) {
      const int64_t axis = given < 0 ? given + rank : given;
      require(
          axis >= 0 && axis < rank,
          [&] {
            return std::string(className()) + ": axis: expected axes of a weight of shape " +
                   w.shape().toString() + ", got " + axis_.dump();
          },
          ErrorCode::ShapeMismatch);
      const auto at = static_cast<size_t>(axis);
      if (!summed[at]) total = sum(total, at, at + 1, /*keepDims=*/true);
      summed[at] = true;
    }
    return squareRoot(total);
  }

  Json axis_;

 private:
  std::vector<int64_t> axes_;
};

/// Norms are moved by `rate` of the way into [min, max]; MaxNorm is the one without a minimum.
class MinMaxNorm : public NormConstraint {
 public:
  MinMaxNorm(ConfigReader& reader, bool onlyMax)
      : NormConstraint(reader),
        onlyMax_(onlyMax),
        max_(reader.number("max_value", onlyMax ? 2.0 : 1.0, 0.0)) {
    if (onlyMax_) return;
    min_ = reader.number("min_value", 0.0, 0.0);
    rate_ = reader.number("rate", 1.0, 0.0, 1.0);
  }
  const char* className() const override { return onlyMax_ ? "MaxNorm" : "MinMaxNorm"; }
  Expr project(Expr w) const override {
    const Expr norms = normsOf(w);
    Expr wanted = clip(norms, static_cast<float>(min_), static_cast<float>(max_));
    if (rate_ != 1.0) {
      wanted = wanted * static_cast<float>(rate_) + norms * static_cast<float>(1.0 - rate_);
    }
    return w * (wanted / (norms + kEpsilon));
  }
  Json config() const override {
    if (onlyMax_) return {{"max_value", max_}, {"axis", axis_}};
    return {{"min_value", min_}, {"max_value", max_}, {"rate", rate_}, {"axis", axis_}};
  }

 private:
  bool onlyMax_;
  double max_;
  double min_ = 0.0;
  double rate_ = 1.0;
};

class UnitNorm : public NormConstraint {
 public:
  using NormConstraint::NormConstraint;
  const char* className() const override { return "UnitNorm"; }
  Expr project(Expr w) const override { return w / (normsOf(w) + kEpsilon); }
  Json config() const override { return {{"axis", axis_}}; }
};

}  // namespace

std::unique_ptr<Constraint> makeMaxNorm(ConfigReader& reader) {
  return std::make_unique<MinMaxNorm>(reader, /*onlyMax=*/true);
}
std::unique_ptr<Constraint> makeMinMaxNorm(ConfigReader& reader) {
  return std::make_unique<MinMaxNorm>(reader, /*onlyMax=*/false);
}
std::unique_ptr<Constraint> makeUnitNorm(ConfigReader& reader) {
  return std::make_unique<UnitNorm>(reader);
}

}  // namespace tabtrain
