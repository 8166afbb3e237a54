#pragma once

#include <ostream>

#include "base/json.h"

namespace tabtrain {

/// For what GoogleTest says of a failure.
inline std::ostream& operator<<(std::ostream& stream, const Json& json) {
  return stream << json.dump();
}

}  // namespace tabtrain
