#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>

#include <nlohmann/json.hpp>

namespace tabtrain {

/// Keys keep their order: what we write stays readable beside what Keras writes.
using Json = nlohmann::ordered_json;

/// One field of a record, without the memory that a Json takes.
struct JsonField {
  JsonField(const char* name, const Json& value) : key(name), kind(Kind::Any), any(&value) {}
  JsonField(const char* name, double value) : key(name), kind(Kind::Number), number(value) {}
  template <std::integral Integer>
  JsonField(const char* name, Integer value)
      : key(name), kind(Kind::Integer), integer(static_cast<int64_t>(value)) {}
  JsonField(const char* name, bool value) : key(name), kind(Kind::Boolean), boolean(value) {}
  JsonField(const char* name, const char* value) : key(name), kind(Kind::Text), text(value) {}
  JsonField(const char* name, const std::string& value) : JsonField(name, value.c_str()) {}
  JsonField(const char* name, std::nullptr_t) : key(name), kind(Kind::Null), any(nullptr) {}

  enum class Kind { Any, Number, Integer, Boolean, Text, Null };
  const char* key;
  Kind kind;
  union {
    const Json* any;
    double number;
    int64_t integer;
    bool boolean;
    const char* text;
  };
};

/// The record of these fields: what `Json{{key, value}, ...}` gives, for a fraction of the code at
/// each place.
Json fields(std::initializer_list<JsonField> list);

/// The text that Python's `json.dumps` gives with its default separators.
std::string pythonDumps(const Json& json);

}  // namespace tabtrain
