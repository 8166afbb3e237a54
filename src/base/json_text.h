#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace tabtrain {

/// JSON from text, as RFC 8259 has it, and no deeper than configs are.
class JsonParser {
 public:
  explicit JsonParser(std::string_view text) : text_(text) {}
  Json parse();

 private:
  Json value(int depth);
  Json array(int depth);
  Json object(int depth);
  Json number();
  std::string string();
  void escape(std::string& out);
  unsigned hex4();
  void space();
  bool take(std::string_view token);
  void expect(char token);
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  [[noreturn]] void fail() const;

  std::string_view text_;
  size_t at_ = 0;
};

/// With quotes; `asciiOnly` writes all else as \uXXXX, in UTF-16.
void writeJsonString(std::string& out, std::string_view text, bool asciiOnly);
/// The shortest of up to 17 digits that reads back as the same number, in Python's notation.
void writeJsonNumber(std::string& out, double number);

}  // namespace tabtrain
