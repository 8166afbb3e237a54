#include "kernels/random.h"

#include <cstring>

namespace tabtrain::kernels {
namespace {

/// Each block of the stream gives four numbers, which `convert` makes of its words.
template <typename Convert>
void fill(const ElementwiseArgs& a, Convert convert) {
  int64_t counter;
  std::memcpy(&counter, a.in[0], sizeof counter);
  const PhiloxStream stream(static_cast<const RandomContext*>(a.context)->key,
                            static_cast<uint64_t>(counter));
  int64_t i = 0;
  while (i < a.count) {
    const int64_t position = a.begin + i;
    const std::array<float, 4> numbers = convert(stream.block(static_cast<uint64_t>(position / 4)));
    for (int64_t word = position % 4; word < 4 && i < a.count; ++word, ++i) {
      a.out[i] = numbers[static_cast<size_t>(word)];
    }
  }
}

}  // namespace

void randomUniform(const ElementwiseArgs& a) noexcept { fill(a, uniformFloats); }
void randomNormal(const ElementwiseArgs& a) noexcept { fill(a, normalFloats); }

}  // namespace tabtrain::kernels
