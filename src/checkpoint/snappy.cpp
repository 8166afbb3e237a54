#include "checkpoint/snappy.h"

namespace tabtrain {
namespace {

uint64_t readLittle(ByteReader& reader, int bytes) {
  uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= static_cast<uint64_t>(reader.readByte()) << (8 * i);
  return value;
}

}  // namespace

Bytes decodeSnappy(ByteSpan block) {
  constexpr uint64_t kLargestExpansion = 22;  // 64 bytes for a 3-byte copy, rounded up.
  ByteReader reader(block, "snappy block");
  const uint64_t length = reader.readVarint(32);
  if (length > kLargestExpansion * block.size()) {
    reader.fail("states " + std::to_string(length) + " bytes of output, more than " +
                std::to_string(block.size()) + " bytes of input can give");
  }
  Bytes out;
  out.reserve(static_cast<size_t>(length));
  while (!reader.atEnd()) {
    const unsigned tag = reader.readByte();
    uint64_t count = (tag >> 2) + 1;
    uint64_t offset = 0;
    switch (tag & 3) {
      case 0:
        if (count > 60) count = readLittle(reader, static_cast<int>(count - 60)) + 1;
        break;
      case 1:
        count = ((tag >> 2) & 7) + 4;
        offset = static_cast<uint64_t>(tag >> 5) << 8 | reader.readByte();
        break;
      case 2:
        offset = readLittle(reader, 2);
        break;
      default:
        offset = readLittle(reader, 4);
        break;
    }
    if (count > length - out.size()) reader.fail("has more output than it states");
    if ((tag & 3) == 0) {
      const ByteSpan literal = reader.readBytes(count);
      out.insert(out.end(), literal.begin(), literal.end());
    } else {
      if (offset == 0 || offset > out.size()) {
        reader.fail("copies from " + std::to_string(offset) + " bytes back, only " +
                    std::to_string(out.size()) + " are there");
      }
      // Source and destination may overlap: a short pattern repeats itself.
      for (uint64_t i = 0; i < count; ++i) out.push_back(out[out.size() - offset]);
    }
  }
  if (out.size() != length) {
    reader.fail("states " + std::to_string(length) + " bytes of output, has " +
                std::to_string(out.size()));
  }
  return out;
}

}  // namespace tabtrain
