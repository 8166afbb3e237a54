#include "base/json_text.h"

#include <array>
#include <cmath>
#include <cstdlib>

#include "base/decimal.h"
#include "base/error.h"

namespace tabtrain {
namespace {

constexpr int kDeepest = 200;
constexpr unsigned kReplacement = 0xFFFD;

void appendUtf8(std::string& out, unsigned code) {
  const auto add = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | code >> 6);
    add(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    add(0xE0 | code >> 12);
    add(0x80 | (code >> 6 & 0x3F));
    add(0x80 | (code & 0x3F));
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3F));
    add(0x80 | (code >> 6 & 0x3F));
    add(0x80 | (code & 0x3F));
  }
}

/// The code point that begins at `at`, which moves behind it; U+FFFD, and one byte, where there is
/// none.
unsigned nextCode(std::string_view text, size_t& at) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(at++);
  if (first < 0x80) return first;
  const size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  if (first < 0xC2 || first > 0xF4) return kReplacement;
  unsigned code = first & (0x3FU >> more);
  for (size_t i = 0; i < more; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return kReplacement;
    code = code << 6 | (byte(at + i) & 0x3F);
  }
  constexpr std::array<unsigned, 4> kLeast = {0, 0x80, 0x800, 0x10000};
  if (code < kLeast[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    return kReplacement;
  }
  at += more;
  return code;
}

void writeHex4(std::string& out, unsigned unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += "0123456789abcdef"[unit >> shift & 15];
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

void JsonParser::fail() const {
  throw Error(ErrorCode::InvalidArgument, "expected JSON (at byte " + std::to_string(at_) + ")");
}

Json JsonParser::parse() {
  Json json = value(0);
  space();
  if (at_ != text_.size()) fail();
  return json;
}

void JsonParser::space() {
  while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') ++at_;
}

bool JsonParser::take(std::string_view token) {
  if (!text_.substr(at_).starts_with(token)) return false;
  at_ += token.size();
  return true;
}

void JsonParser::expect(char token) {
  space();
  if (peek() != token) fail();
  ++at_;
}

Json JsonParser::value(int depth) {
  if (depth > kDeepest) fail();
  space();
  if (peek() == '{') return object(depth);
  if (peek() == '[') return array(depth);
  if (peek() == '"') return string();
  if (take("null")) return {};
  if (take("true")) return true;
  if (take("false")) return false;
  return number();
}

Json JsonParser::array(int depth) {
  Json json = Json::array();
  ++at_;
  space();
  if (take("]")) return json;
  do {
    json.push_back(value(depth + 1));
    space();
  } while (take(","));
  expect(']');
  return json;
}

Json JsonParser::object(int depth) {
  Json json = Json::object();
  ++at_;
  space();
  if (take("}")) return json;
  do {
    space();
    if (peek() != '"') fail();
    const std::string key = string();
    expect(':');
    json[key] = value(depth + 1);
    space();
  } while (take(","));
  expect('}');
  return json;
}

Json JsonParser::number() {
  const size_t begin = at_;
  take("-");
  const auto digits = [&] {
    if (!isDigit(peek())) fail();
    while (isDigit(peek())) ++at_;
  };
  if (!take("0")) digits();
  bool isWhole = true;
  if (take(".")) {
    isWhole = false;
    digits();
  }
  if (take("e") || take("E")) {
    isWhole = false;
    if (!take("-")) take("+");
    digits();
  }
  const std::string text(text_.substr(begin, at_ - begin));
  constexpr size_t kInt64Digits = 18;
  if (isWhole && text.size() <= kInt64Digits) {
    return static_cast<int64_t>(std::strtoll(text.c_str(), nullptr, 10));
  }
  const double number = parseDecimal(text);
  if (!std::isfinite(number)) fail();
  return number;
}

std::string JsonParser::string() {
  std::string out;
  ++at_;
  while (peek() != '"') {
    if (at_ >= text_.size() || static_cast<unsigned char>(peek()) < 0x20) fail();
    if (take("\\")) {
      escape(out);
    } else {
      appendUtf8(out, nextCode(text_, at_));
    }
  }
  ++at_;
  return out;
}

void JsonParser::escape(std::string& out) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kCodes = "\"\\/\b\f\n\r\t";
  if (const size_t name = kNames.find(peek()); at_ < text_.size() && name != kNames.npos) {
    ++at_;
    out += kCodes[name];
    return;
  }
  if (!take("u")) fail();
  unsigned code = hex4();
  if (code >= 0xD800 && code < 0xDC00 && take("\\u")) {
    const unsigned low = hex4();
    const bool isPair = low >= 0xDC00 && low < 0xE000;
    code = isPair ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : kReplacement;
  }
  appendUtf8(out, code >= 0xD800 && code < 0xE000 ? kReplacement : code);
}

unsigned JsonParser::hex4() {
  unsigned code = 0;
  for (int i = 0; i < 4; ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const char c = peek();
    const size_t digit = kDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
    if (at_ >= text_.size() || digit == kDigits.npos) fail();
    code = code << 4 | static_cast<unsigned>(digit);
    ++at_;
  }
  return code;
}

void writeJsonString(std::string& out, std::string_view text, bool asciiOnly) {
  out += '"';
  for (size_t at = 0; at < text.size();) {
    const unsigned code = nextCode(text, at);
    constexpr std::string_view kNames = "\"\\bfnrt";
    constexpr std::string_view kCodes = "\"\\\b\f\n\r\t";
    const size_t name = code < 0x80 ? kCodes.find(static_cast<char>(code)) : kCodes.npos;
    if (name != kCodes.npos) {
      out += '\\';
      out += kNames[name];
    } else if (code < 0x20 || (asciiOnly && code > 0x7E && code < 0x10000)) {
      writeHex4(out, code);
    } else if (asciiOnly && code >= 0x10000) {
      writeHex4(out, 0xD800 + ((code - 0x10000) >> 10));
      writeHex4(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
    } else {
      appendUtf8(out, code);
    }
  }
  out += '"';
}

void writeJsonNumber(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  if (std::signbit(number)) out += '-';
  number = std::abs(number);
  if (number == 0.0) {
    out += "0.0";
    return;
  }
  const auto [digits, exponent] = shortestDecimal(number);
  const int count = static_cast<int>(digits.size());
  if (exponent > -4 && exponent <= 16) {
    if (exponent <= 0) {
      out += "0." + std::string(static_cast<size_t>(-exponent), '0') + digits;
    } else if (exponent >= count) {
      out += digits + std::string(static_cast<size_t>(exponent - count), '0') + ".0";
    } else {
      out += digits.substr(0, static_cast<size_t>(exponent)) + "." +
             digits.substr(static_cast<size_t>(exponent));
    }
    return;
  }
  out += digits.substr(0, 1);
  if (count > 1) out += "." + digits.substr(1);
  const int power = exponent - 1;
  out += power < 0 ? "e-" : "e+";
  if (std::abs(power) < 10) out += '0';
  out += std::to_string(std::abs(power));
}

}  // namespace tabtrain
