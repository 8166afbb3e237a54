#include "regularizers/regularizer.h"

namespace tabtrain {
namespace {

/// l1 sum |x| + l2 sum x^2. keras/regularizers.py. L1 and L2 have one factor, L1L2 both.
class L1L2 : public Regularizer {
 public:
  /// `l1` and `l2` are the factors' defaults, null where the class does not have that one.
  L1L2(ConfigReader& reader, const char* className, const double* l1, const double* l2)
      : className_(className), hasL1_(l1 != nullptr), hasL2_(l2 != nullptr) {
    if (hasL1_) l1_ = reader.number("l1", *l1);
    if (hasL2_) l2_ = reader.number("l2", *l2);
  }
  const char* className() const override { return className_; }

  Expr penalty(Expr x) const override {
    Expr total;
    if (l1_ != 0.0) total = sumAll(absolute(x)) * static_cast<float>(l1_);
    if (l2_ != 0.0) {
      const Expr squares = sumAll(square(x)) * static_cast<float>(l2_);
      total = total ? total + squares : squares;
    }
    return total ? total : x.graph->constant(0.0f);
  }
  Json config() const override {
    Json json = Json::object();
    if (hasL1_) json["l1"] = l1_;
    if (hasL2_) json["l2"] = l2_;
    return json;
  }

 private:
  const char* className_;
  bool hasL1_;
  bool hasL2_;
  double l1_ = 0.0;
  double l2_ = 0.0;
};

constexpr double kZero = 0.0;
constexpr double kDefault = 0.01;

}  // namespace

std::unique_ptr<Regularizer> makeL1(ConfigReader& reader) {
  return std::make_unique<L1L2>(reader, "L1", &kDefault, nullptr);
}
std::unique_ptr<Regularizer> makeL2(ConfigReader& reader) {
  return std::make_unique<L1L2>(reader, "L2", nullptr, &kDefault);
}
std::unique_ptr<Regularizer> makeL1L2(ConfigReader& reader) {
  return std::make_unique<L1L2>(reader, "L1L2", &kZero, &kZero);
}

}  // namespace tabtrain
