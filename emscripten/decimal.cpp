#include "base/decimal.h"

#include <emscripten/em_js.h>

#include <cstdlib>

// In place of src/base/decimal.cpp: JavaScript does both by its standard, and C's are some
// kilobytes of long doubles in software.
EM_JS_DEPS(tabtrain_decimal, "$UTF8ToString,$stringToUTF8");
EM_JS(double, tabtrainParseDecimal, (const char* text), { return +UTF8ToString(text); });
EM_JS(void, tabtrainPrintDecimal, (double number, char* text, int size),
      { stringToUTF8(number.toExponential(), text, size); });

namespace tabtrain {

double parseDecimal(const std::string& text) { return tabtrainParseDecimal(text.c_str()); }

Decimal shortestDecimal(double number) {
  char text[32];
  tabtrainPrintDecimal(number, text, sizeof(text));
  // "D.DDe+EE"
  Decimal decimal;
  const char* at = text;
  for (; *at != 'e'; ++at) {
    if (*at != '.') decimal.digits += *at;
  }
  decimal.exponent = std::atoi(at + 1) + 1;
  return decimal;
}

}  // namespace tabtrain
