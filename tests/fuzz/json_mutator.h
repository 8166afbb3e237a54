#pragma once

#include <algorithm>
#include <cctype>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

// Mutations that leave JSON what it is, so that they get past the parser: a value takes the place
// of another one, or is repeated or left out.

namespace tabtrain::fuzz {

/// A range of a text that is one JSON value, as far as brackets and quotes say.
struct JsonRange {
  size_t at;
  size_t size;
};

/// All values of `text`, also those within others; keys count as values.
inline std::vector<JsonRange> jsonRanges(std::string_view text) {
  std::vector<JsonRange> ranges;
  std::vector<size_t> open;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      size_t end = at + 1;
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text.size());
      ranges.push_back({at, end - at});
      at = end;
    } else if (c == '{' || c == '[') {
      open.push_back(at++);
    } else if (c == '}' || c == ']') {
      ++at;
      if (open.empty()) continue;
      ranges.push_back({open.back(), at - open.back()});
      open.pop_back();
    } else if (c == '-' || std::isalnum(static_cast<unsigned char>(c))) {
      size_t end = at + 1;
      const auto goesOn = [](char each) {
        return std::isalnum(static_cast<unsigned char>(each)) || std::strchr("+-.", each);
      };
      while (end < text.size() && text[end] != '\0' && goesOn(text[end])) ++end;
      ranges.push_back({at, end - at});
      at = end;
    } else {
      ++at;
    }
  }
  return ranges;
}

/// One such change of `text`. `words` are values that are worth a try.
template <size_t kCount>
std::string mutateJson(std::string text, unsigned seed, const char* const (&words)[kCount]) {
  std::minstd_rand random(seed);
  const auto below = [&](size_t count) { return static_cast<size_t>(random()) % count; };
  const std::vector<JsonRange> ranges = jsonRanges(text);
  if (ranges.empty()) return words[below(kCount)];
  const JsonRange target = ranges[below(ranges.size())];
  const JsonRange other = ranges[below(ranges.size())];
  const std::string copy = text.substr(other.at, other.size);
  switch (below(6)) {
    case 0:
      return text.replace(target.at, target.size, copy);
    case 1:
      return text.insert(target.at, copy + (below(4) == 0 ? ":" : ","));
    case 2: {
      // With the comma behind it.
      const size_t after = target.at + target.size;
      return text.erase(target.at, target.size + (after < text.size() && text[after] == ','));
    }
    case 3:
      return text.replace(target.at, target.size, "[" + text.substr(target.at, target.size) + "]");
    default:
      return text.replace(target.at, target.size, words[below(kCount)]);
  }
}

}  // namespace tabtrain::fuzz
