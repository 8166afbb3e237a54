#pragma once

#include <string>

namespace tabtrain {

/// What the library throws where a value is of another type than was asked for: always a mistake
/// here, since types are looked at first. Its own exceptions would put a sentence at every access.
[[noreturn]] void throwJsonMisuse();

}  // namespace tabtrain

#define JSON_THROW_USER(exception) ::tabtrain::throwJsonMisuse()

#include <nlohmann/json.hpp>

namespace tabtrain {

/// Keys keep their order: what we write stays readable beside what Keras writes.
using Json = nlohmann::ordered_json;

/// The text that Python's `json.dumps` gives with its default separators.
std::string pythonDumps(const Json& json);

}  // namespace tabtrain
