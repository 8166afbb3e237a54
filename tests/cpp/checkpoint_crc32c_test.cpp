#include "checkpoint/crc32c.h"

#include <gtest/gtest.h>

#include <bit>

#include "checkpoint/bytes.h"

namespace tabtrain {
namespace {

uint32_t maskedOfFloat(float value) {
  ByteWriter bytes;
  bytes.writeFixed32(std::bit_cast<uint32_t>(value));
  return maskCrc32c(crc32c(bytes.view()));
}

uint32_t maskedOfInt64(uint64_t value) {
  ByteWriter bytes;
  bytes.writeFixed64(value);
  return maskCrc32c(crc32c(bytes.view()));
}

// RFC 3720, appendix B.4, and values that TensorFlow stored.
TEST(Crc32c, KnownValues) {
  EXPECT_EQ(crc32c(asBytes("123456789")), 0xe3069283u);
  EXPECT_EQ(crc32c(asBytes("")), 0u);
  EXPECT_EQ(crc32c(Bytes(32, std::byte{0})), 0x8a9136aau);
  EXPECT_EQ(crc32c(Bytes(32, std::byte{0xff})), 0x62a8ab43u);
  EXPECT_EQ(maskCrc32c(0), 0xa282ead8u);
  EXPECT_EQ(maskedOfFloat(0.9f), 0xdfc7ebfdu);
  EXPECT_EQ(maskedOfFloat(0.999f), 0xd9faedbbu);
  EXPECT_EQ(maskedOfFloat(0.0f), 0x3a117ba6u);
  EXPECT_EQ(maskedOfFloat(0.001f), 0x3255cb69u);
  EXPECT_EQ(maskedOfInt64(1600), 0x6e76b275u);
  EXPECT_EQ(maskedOfInt64(0), 0x07980329u);
}

TEST(Crc32c, SlicingAgreesWithBitByBitAtEveryLengthAndSplit) {
  Bytes bytes;
  for (int i = 0; i < 67; ++i) bytes.push_back(std::byte{static_cast<uint8_t>(i * 37 + 11)});
  for (size_t length = 0; length <= bytes.size(); ++length) {
    const ByteSpan part = ByteSpan(bytes).first(length);
    uint32_t expected = 0xffffffffu;
    for (const std::byte byte : part) {
      expected ^= std::to_integer<uint32_t>(byte);
      for (int bit = 0; bit < 8; ++bit) {
        expected = (expected >> 1) ^ ((expected & 1) != 0 ? 0x82F63B78u : 0);
      }
    }
    expected = ~expected;
    EXPECT_EQ(crc32c(part), expected) << length;
    const size_t split = length / 3;
    EXPECT_EQ(crc32c(part.subspan(split), crc32c(part.first(split))), expected) << length;
  }
}

}  // namespace
}  // namespace tabtrain
