#pragma once

#include <cstdint>

#include "checkpoint/bytes.h"

namespace tabtrain {

/// CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, initial value and final xor 0xffffffff.
/// `crc` continues an earlier value: `crc32c(b, crc32c(a))` is the checksum of a followed by b.
uint32_t crc32c(ByteSpan bytes, uint32_t crc = 0);

/// The stored form, ((c >> 15) | (c << 17)) + 0xa282ead8: a checksum over bytes that hold checksums
/// of their own stays meaningful. (leveldb's util/crc32c.h)
constexpr uint32_t maskCrc32c(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

}  // namespace tabtrain
