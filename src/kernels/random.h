#pragma once

#include <cstdint>

#include "base/philox.h"
#include "kernels/elementwise.h"

namespace tabtrain::kernels {

/// The `context` of the random kernels: the stream's key. `in[0]` points to the int64 counter.
struct RandomContext {
  PhiloxKey key;
};

/// out[i] = uniform in [0, 1) of word `begin + i` of the stream at the counter's value.
void randomUniform(const ElementwiseArgs&) noexcept;
/// out[i] = number `begin + i` of a standard normal distribution.
void randomNormal(const ElementwiseArgs&) noexcept;

}  // namespace tabtrain::kernels
