#include "base/decimal.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace tabtrain {

namespace {

/// Fits: 10^325 is far below the greatest long double.
long double powerOf10(int exponent) {
  long double result = 1.0L;
  for (long double base = 10.0L; exponent > 0; exponent /= 2, base *= base) {
    if (exponent % 2 != 0) result *= base;
  }
  return result;
}

}  // namespace

double parseDecimal(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

Decimal shortestDecimal(double number) {
  // number = 0.DIGITS * 10^exponent, or one power more. Scaled in long double, which has digits to
  // spare.
  int binary = 0;
  std::frexp(number, &binary);
  constexpr double kLog10Of2 = 0.30102999566398120;
  int exponent = static_cast<int>(std::floor((binary - 1) * kLog10Of2)) + 1;
  std::string digits;
  for (int count = 1; count <= 17; ++count) {
    const int by = count - exponent;
    const long double power = powerOf10(std::abs(by));
    const auto exact = static_cast<long double>(number);
    digits = std::to_string(static_cast<uint64_t>((by < 0 ? exact / power : exact * power) + 0.5L));
    const std::string text = digits + "e" + std::to_string(-by);
    if (parseDecimal(text) != number && count < 17) continue;
    exponent += static_cast<int>(digits.size()) - count;
    break;
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return {digits, exponent};
}

}  // namespace tabtrain
