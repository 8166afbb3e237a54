#pragma once

#include <functional>

namespace tabtrain::testing {

/// How often the program allocates while `body` runs; Eigen may not at all then. Fails the test
/// where allocations are not counted.
int countAllocations(const std::function<void()>& body);

}  // namespace tabtrain::testing
