#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tabtrain {

using PhiloxKey = std::array<uint32_t, 2>;
using PhiloxBlock = std::array<uint32_t, 4>;

/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): four random
/// words as a pure function of a key and a counter.
PhiloxBlock philox(PhiloxBlock counter, PhiloxKey key);

/// A float32 in [0, 1) with 23 random bits, as TensorFlow makes it.
float uniformFloat(uint32_t word);

/// Four numbers in [0, 1), one of each word.
std::array<float, 4> uniformFloats(const PhiloxBlock& block);

/// Four numbers of a standard normal distribution, each two of two words by Box and Muller's
/// transform, as TensorFlow makes them.
std::array<float, 4> normalFloats(const PhiloxBlock& block);

/// The key of the random stream `path` under `seed`. Streams are structural paths such as
/// "layers/1/dropout", so that they do not depend on how many models were made before.
PhiloxKey streamKey(uint64_t seed, std::string_view path);

/// One random stream at one value of its counter: output word `i` is word i%4 of block i/4.
class PhiloxStream {
 public:
  PhiloxStream(PhiloxKey key, uint64_t counter) : key_(key), counter_(counter) {}

  PhiloxBlock block(uint64_t index) const {
    return philox({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32),
                   static_cast<uint32_t>(counter_), static_cast<uint32_t>(counter_ >> 32)},
                  key_);
  }
  /// The stream of the same key, `count` counters on.
  PhiloxStream after(uint64_t count) const { return {key_, counter_ + count}; }
  uint32_t word(uint64_t index) const { return block(index / 4)[index % 4]; }

 private:
  PhiloxKey key_;
  uint64_t counter_;
};

}  // namespace tabtrain
