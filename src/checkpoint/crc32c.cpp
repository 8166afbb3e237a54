#include "checkpoint/crc32c.h"

#include <array>

namespace tabtrain {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78u;
constexpr int kSlices = 8;

using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

/// Slicing by eight: tables[k][b] is the effect of byte b followed by k zero bytes.
/// Made when first needed: as a constant they would be 8 KiB of the download that do not compress.
Tables makeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (int slice = 1; slice < kSlices; ++slice) {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t previous = tables[slice - 1][byte];
      tables[slice][byte] = (previous >> 8) ^ tables[0][previous & 0xff];
    }
  }
  return tables;
}

const Tables& tables() {
  static const Tables made = makeTables();
  return made;
}

uint32_t loadLittle32(const std::byte* p) {
  return std::to_integer<uint32_t>(p[0]) | std::to_integer<uint32_t>(p[1]) << 8 |
         std::to_integer<uint32_t>(p[2]) << 16 | std::to_integer<uint32_t>(p[3]) << 24;
}

}  // namespace

uint32_t crc32c(ByteSpan bytes, uint32_t crc) {
  const Tables& table = tables();
  crc = ~crc;
  const std::byte* p = bytes.data();
  size_t count = bytes.size();
  for (; count >= kSlices; count -= kSlices, p += kSlices) {
    const uint32_t low = loadLittle32(p) ^ crc;
    const uint32_t high = loadLittle32(p + 4);
    crc = table[7][low & 0xff] ^ table[6][(low >> 8) & 0xff] ^ table[5][(low >> 16) & 0xff] ^
          table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][(high >> 8) & 0xff] ^
          table[1][(high >> 16) & 0xff] ^ table[0][high >> 24];
  }
  for (; count > 0; --count, ++p) {
    crc = (crc >> 8) ^ table[0][(crc ^ std::to_integer<uint32_t>(*p)) & 0xff];
  }
  return ~crc;
}

}  // namespace tabtrain
