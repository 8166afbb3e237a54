#include "checkpoint/bytes.h"

#include "base/error.h"

namespace tabtrain {

std::string quoted(std::string_view text) {
  constexpr size_t kLongest = 120;
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, kLongest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += text.size() > kLongest ? "...\"" : "\"";
  return out;
}

bool isUtf8(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  for (size_t i = 0; i < text.size();) {
    const unsigned lead = at(i);
    const size_t length = lead < 0x80   ? 1
                          : lead < 0xc2 ? 0
                          : lead < 0xe0 ? 2
                          : lead < 0xf0 ? 3
                          : lead < 0xf5 ? 4
                                        : 0;
    if (length == 0 || length > text.size() - i) return false;
    for (size_t k = 1; k < length; ++k) {
      if ((at(i + k) & 0xc0) != 0x80) return false;
    }
    if (length >= 3) {
      const unsigned second = at(i + 1);
      if (lead == 0xe0 && second < 0xa0) return false;
      if (lead == 0xed && second > 0x9f) return false;
      if (lead == 0xf0 && second < 0x90) return false;
      if (lead == 0xf4 && second > 0x8f) return false;
    }
    i += length;
  }
  return true;
}

void ByteReader::fail(const std::string& reason) const {
  throw Error(ErrorCode::CorruptFile,
              std::string(what_) + ": " + reason + " (at byte " + std::to_string(position_) + ")");
}

uint8_t ByteReader::readByte() {
  if (atEnd()) fail("ends too early");
  return std::to_integer<uint8_t>(bytes_[position_++]);
}

uint32_t ByteReader::readFixed32() {
  const ByteSpan four = readBytes(4);
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | std::to_integer<uint32_t>(four[i]);
  return value;
}

uint64_t ByteReader::readFixed64() {
  const uint64_t low = readFixed32();
  return low | static_cast<uint64_t>(readFixed32()) << 32;
}

uint64_t ByteReader::readVarint(int maxBits) {
  uint64_t value = 0;
  for (int shift = 0; shift < maxBits; shift += 7) {
    const uint64_t byte = readByte();
    const uint64_t digits = byte & 0x7f;
    if (maxBits - shift < 7 && (digits >> (maxBits - shift)) != 0) break;
    value |= digits << shift;
    if ((byte & 0x80) == 0) return value;
  }
  fail("a varint is longer than " + std::to_string(maxBits) + " bits");
}

ByteSpan ByteReader::readBytes(uint64_t count) {
  if (count > remaining()) {
    fail("needs " + std::to_string(count) + " bytes, " + std::to_string(remaining()) + " remain");
  }
  const ByteSpan taken = bytes_.subspan(position_, static_cast<size_t>(count));
  position_ += static_cast<size_t>(count);
  return taken;
}

void ByteWriter::writeFixed32(uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) writeByte(static_cast<uint8_t>(value >> shift));
}

void ByteWriter::writeFixed64(uint64_t value) {
  writeFixed32(static_cast<uint32_t>(value));
  writeFixed32(static_cast<uint32_t>(value >> 32));
}

void ByteWriter::writeVarint(uint64_t value) {
  for (; value >= 0x80; value >>= 7) writeByte(static_cast<uint8_t>(value | 0x80));
  writeByte(static_cast<uint8_t>(value));
}

}  // namespace tabtrain
