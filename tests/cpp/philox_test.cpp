// Known answers of Philox4x32-10 (Random123's kat_vectors) and of TensorFlow's random ops.
#include "base/philox.h"

#include <gtest/gtest.h>

#include <set>

namespace tabtrain {
namespace {

TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, GivesTensorFlowsUniformNumbers) {
  // tf.random.uniform([8], seed=1): key 87654321, counter's high half 1.
  const PhiloxStream first({87654321, 0}, 1);
  EXPECT_FLOAT_EQ(uniformFloat(first.word(0)), 0.2390374f);
  EXPECT_FLOAT_EQ(uniformFloat(first.word(1)), 0.92039955f);
  EXPECT_FLOAT_EQ(uniformFloat(first.word(2)), 0.05051243f);
  EXPECT_FLOAT_EQ(uniformFloat(first.word(3)), 0.49574447f);
  // tf.random.stateless_uniform([4], [7, 0]) scrambles its seed into key and counter.
  const PhiloxBlock mix = philox({7, 0, 0, 0}, {0x3ec8f720, 0x02461e29});
  const PhiloxStream stateless({mix[0], mix[1]}, (uint64_t{mix[3]} << 32) | mix[2]);
  EXPECT_FLOAT_EQ(uniformFloat(stateless.word(0)), 0.7470788f);
  EXPECT_FLOAT_EQ(uniformFloat(stateless.word(3)), 0.6442132f);
}

TEST(Philox, UniformFloatsLieBelowOne) {
  EXPECT_EQ(uniformFloat(0), 0.0f);
  EXPECT_EQ(uniformFloat(0xff800000), 0.0f);
  EXPECT_LT(uniformFloat(0xffffffff), 1.0f);
  EXPECT_GT(uniformFloat(0xffffffff), 0.9999998f);
}

TEST(Philox, WordsAreThoseOfTheBlocks) {
  const PhiloxStream stream({1, 2}, 3);
  for (uint64_t i : {uint64_t{0}, uint64_t{3}, uint64_t{4}, uint64_t{1} << 34}) {
    EXPECT_EQ(stream.word(i), stream.block(i / 4)[i % 4]);
    EXPECT_EQ(stream.block(i),
              philox({static_cast<uint32_t>(i), static_cast<uint32_t>(i >> 32), 3, 0}, {1, 2}));
  }
  EXPECT_NE(PhiloxStream({1, 2}, uint64_t{1} << 32).word(0), PhiloxStream({1, 2}, 1).word(0));
}

TEST(Philox, StreamsDifferBySeedAndPath) {
  std::set<PhiloxKey> keys;
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32}) {
    for (const char* path : {"", "layers/0/kernel", "layers/1/kernel", "layers/0/bias"}) {
      keys.insert(streamKey(seed, path));
    }
  }
  EXPECT_EQ(keys.size(), 12u);
  // A saved seed must draw the same weights with every later version.
  EXPECT_EQ(streamKey(42, "layers/0/kernel"), (PhiloxKey{1318703295, 1866707215}));
}

}  // namespace
}  // namespace tabtrain
