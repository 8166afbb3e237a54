#pragma once

#include <nlohmann/json.hpp>

namespace tabtrain {

/// Keys keep their order: what we write stays readable beside what Keras writes.
using Json = nlohmann::ordered_json;

}  // namespace tabtrain
