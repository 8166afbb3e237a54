#include <algorithm>

#include "initializers/initializer.h"

namespace tabtrain {
namespace {

/// Zeros and Ones are constants whose config is empty.
class Constant : public Initializer {
 public:
  Constant(const char* className, double value) : className_(className), value_(value) {}
  const char* className() const override { return className_; }
  Json config() const override {
    return std::string(className_) == "Constant" ? Json{{"value", value_}} : Json::object();
  }
  void fill(std::span<float> out, const std::vector<int64_t>&, const PhiloxStream&) const override {
    std::fill(out.begin(), out.end(), static_cast<float>(value_));
  }

 private:
  const char* className_;
  double value_;
};

}  // namespace

std::unique_ptr<Initializer> makeZeros(ConfigReader&) {
  return std::make_unique<Constant>("Zeros", 0.0);
}
std::unique_ptr<Initializer> makeOnes(ConfigReader&) {
  return std::make_unique<Constant>("Ones", 1.0);
}
std::unique_ptr<Initializer> makeConstant(ConfigReader& reader) {
  return std::make_unique<Constant>("Constant", reader.number("value", 0.0));
}

}  // namespace tabtrain
