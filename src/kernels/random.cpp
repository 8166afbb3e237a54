#include "kernels/random.h"

#include <cstring>

namespace tabtrain::kernels {

void randomUniform(const ElementwiseArgs& a) noexcept {
  int64_t counter;
  std::memcpy(&counter, a.in[0], sizeof counter);
  const PhiloxStream stream(static_cast<const RandomContext*>(a.context)->key,
                            static_cast<uint64_t>(counter));
  int64_t i = 0;
  while (i < a.count) {
    const int64_t position = a.begin + i;
    const PhiloxBlock block = stream.block(static_cast<uint64_t>(position / 4));
    for (int64_t word = position % 4; word < 4 && i < a.count; ++word, ++i) {
      a.out[i] = uniformFloat(block[static_cast<size_t>(word)]);
    }
  }
}

}  // namespace tabtrain::kernels
