#pragma once

#include <string>

namespace tabtrain {

/// The double nearest to a number in JSON's notation; infinite where none is near.
double parseDecimal(const std::string& text);

/// 0.DIGITS * 10^exponent.
struct Decimal {
  std::string digits;
  int exponent;
};

/// The shortest decimal that reads back as `number`, which is positive and finite; no zeros at its
/// end.
Decimal shortestDecimal(double number);

}  // namespace tabtrain
