#include "checkpoint/string_tensor.h"

#include <limits>

#include "checkpoint/crc32c.h"

namespace tabtrain {
namespace {

/// Continues `crc` over the lengths as the format sums them: four bytes each, eight if need be.
uint32_t crcOfLength(uint64_t length, uint32_t crc) {
  ByteWriter number;
  if (length <= std::numeric_limits<uint32_t>::max()) {
    number.writeFixed32(static_cast<uint32_t>(length));
  } else {
    number.writeFixed64(length);
  }
  return crc32c(number.view(), crc);
}

uint32_t crcOfFixed32(uint32_t value, uint32_t crc) {
  ByteWriter number;
  number.writeFixed32(value);
  return crc32c(number.view(), crc);
}

}  // namespace

StringTensor decodeStringTensor(ByteSpan bytes, uint64_t count) {
  ByteReader reader(bytes, "string tensor");
  if (count > bytes.size()) reader.fail("is shorter than its number of strings");
  std::vector<uint64_t> lengths(static_cast<size_t>(count));
  uint32_t crc = 0;
  for (uint64_t& length : lengths) {
    length = reader.readVarint();
    crc = crcOfLength(length, crc);
  }
  const uint32_t lengthsCrc = reader.readFixed32();
  if (lengthsCrc != maskCrc32c(crc)) reader.fail("the checksum of the lengths does not match");
  crc = crcOfFixed32(lengthsCrc, crc);
  StringTensor tensor;
  tensor.values.reserve(lengths.size());
  for (const uint64_t length : lengths) {
    const ByteSpan value = reader.readBytes(length);
    crc = crc32c(value, crc);
    tensor.values.push_back(asText(value));
  }
  if (!reader.atEnd()) reader.fail("has bytes left over");
  tensor.maskedCrc = maskCrc32c(crc);
  return tensor;
}

uint32_t encodeStringTensor(const std::vector<std::string_view>& values, Bytes& out) {
  ByteWriter head;
  uint32_t crc = 0;
  for (const std::string_view value : values) {
    head.writeVarint(value.size());
    crc = crcOfLength(value.size(), crc);
  }
  const uint32_t lengthsCrc = maskCrc32c(crc);
  head.writeFixed32(lengthsCrc);
  crc = crcOfFixed32(lengthsCrc, crc);
  const ByteSpan headBytes = head.view();
  out.insert(out.end(), headBytes.begin(), headBytes.end());
  for (const std::string_view value : values) {
    const ByteSpan bytes = asBytes(value);
    crc = crc32c(bytes, crc);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return maskCrc32c(crc);
}

}  // namespace tabtrain
