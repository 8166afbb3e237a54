#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tabtrain {

/// Keys keep their order: what we write stays readable beside what Keras writes.
using Json = nlohmann::ordered_json;

/// The text that Python's `json.dumps` gives with its default separators.
std::string pythonDumps(const Json& json);

}  // namespace tabtrain
