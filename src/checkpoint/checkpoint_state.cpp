#include "checkpoint/checkpoint_state.h"

#include <algorithm>

#include "checkpoint/bytes.h"

namespace tabtrain {
namespace {

bool isWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '+' || c == '-';
}

int digitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// Reads tokens of protobuf's text format; each method is false or empty where another comes.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : text_(text) {}

  bool atEnd() {
    skipBlanks();
    return text_.empty();
  }

  bool readSymbol(char symbol) {
    skipBlanks();
    if (text_.empty() || text_.front() != symbol) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::string_view readWord() {
    skipBlanks();
    size_t length = 0;
    while (length < text_.size() && isWordByte(text_[length])) ++length;
    const std::string_view word = text_.substr(0, length);
    text_.remove_prefix(length);
    return word;
  }

  std::optional<std::string> readNumber() {
    const std::string_view word = readWord();
    const bool plausible = !word.empty() && std::any_of(word.begin(), word.end(), [](char c) {
      return digitValue(c) < 10;
    }) && word.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
    if (!plausible) return std::nullopt;
    return std::string(word);
  }

  /// Adjacent literals are one string.
  std::optional<std::string> readString() {
    std::string value;
    bool any = false;
    for (skipBlanks(); !text_.empty() && (text_.front() == '"' || text_.front() == '\'');
         skipBlanks()) {
      if (!readLiteral(value)) return std::nullopt;
      any = true;
    }
    if (!any || !isUtf8(value)) return std::nullopt;
    return value;
  }

 private:
  void skipBlanks() {
    while (!text_.empty()) {
      const char c = text_.front();
      if (c == '#') {
        text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        text_.remove_prefix(1);
      } else {
        return;
      }
    }
  }

  bool readLiteral(std::string& out) {
    const char quote = text_.front();
    text_.remove_prefix(1);
    while (!text_.empty()) {
      const char c = text_.front();
      text_.remove_prefix(1);
      if (c == quote) return true;
      if (c == '\n') return false;
      if (c != '\\') {
        out += c;
      } else if (!readEscape(out)) {
        return false;
      }
    }
    return false;
  }

  bool readEscape(std::string& out) {
    constexpr std::string_view kNames = "abfnrtv\\'\"?";
    constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\'\"?";
    if (text_.empty()) return false;
    const char c = text_.front();
    if (const size_t known = kNames.find(c); known != std::string_view::npos) {
      text_.remove_prefix(1);
      out += kValues[known];
      return true;
    }
    int base = 8;
    size_t most = 3;
    if (c == 'x' || c == 'X') {
      text_.remove_prefix(1);
      base = 16;
      most = 2;
    }
    int value = 0;
    size_t digits = 0;
    while (digits < most && digits < text_.size() && digitValue(text_[digits]) < base) {
      value = value * base + digitValue(text_[digits++]);
    }
    text_.remove_prefix(digits);
    if (digits == 0 || value > 255) return false;
    out += static_cast<char>(value);
    return true;
  }

  std::string_view text_;
};

std::string quoteLiteral(std::string_view text) {
  constexpr std::string_view kNamed = "\t\n\r\"'\\";
  constexpr std::string_view kNames = "tnr\"'\\";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const size_t known = kNamed.find(c); known != std::string_view::npos) {
      out += '\\';
      out += kNames[known];
    } else if (byte < 0x20 || byte > 0x7e) {
      out += '\\';
      for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + ((byte >> shift) & 7));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

std::optional<CheckpointState> parseCheckpointState(std::string_view text) {
  CheckpointState state;
  bool newestSeen = false;
  TextReader reader(text);
  while (!reader.atEnd()) {
    const std::string_view field = reader.readWord();
    if (!reader.readSymbol(':')) return std::nullopt;
    if (field == "model_checkpoint_path" || field == "all_model_checkpoint_paths") {
      auto value = reader.readString();
      if (!value) return std::nullopt;
      if (field == "all_model_checkpoint_paths") {
        state.all.push_back(std::move(*value));
      } else {
        if (newestSeen) return std::nullopt;
        newestSeen = true;
        state.newest = std::move(*value);
      }
    } else if (field == "all_model_checkpoint_timestamps" || field == "last_preserved_timestamp") {
      auto value = reader.readNumber();
      if (!value) return std::nullopt;
      if (field == "last_preserved_timestamp") {
        state.lastPreservedTimestamp = std::move(value);
      } else {
        state.timestamps.push_back(std::move(*value));
      }
    } else {
      return std::nullopt;
    }
    if (!reader.readSymbol(',')) reader.readSymbol(';');
  }
  return state;
}

std::string formatCheckpointState(const CheckpointState& state) {
  std::string out = "model_checkpoint_path: " + quoteLiteral(state.newest) + "\n";
  for (const auto& path : state.all) {
    out += "all_model_checkpoint_paths: " + quoteLiteral(path) + "\n";
  }
  for (const auto& timestamp : state.timestamps) {
    out += "all_model_checkpoint_timestamps: " + timestamp + "\n";
  }
  if (state.lastPreservedTimestamp) {
    out += "last_preserved_timestamp: " + *state.lastPreservedTimestamp + "\n";
  }
  return out;
}

std::string checkpointStateText(std::string_view name) {
  return formatCheckpointState({std::string(name), {std::string(name)}, {}, {}});
}

std::string latestCheckpointPath(std::string_view text) {
  const auto state = parseCheckpointState(text);
  return state ? state->newest : "";
}

std::string resolveCheckpointPath(std::string_view directory, std::string_view path) {
  if (directory.empty() || path.starts_with('/')) return std::string(path);
  std::string joined(directory);
  if (!joined.ends_with('/')) joined += '/';
  return joined += path;
}

}  // namespace tabtrain
