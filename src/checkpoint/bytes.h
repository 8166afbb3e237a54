#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tabtrain {

using Bytes = std::vector<std::byte>;
using ByteSpan = std::span<const std::byte>;

inline ByteSpan asBytes(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

inline std::string_view asText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A file's name for a thing, fit for an error sentence: in quotes, control bytes and bytes that
/// are not ASCII as `\xNN`, shortened to 120 characters.
std::string quoted(std::string_view text);

/// Whether `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool isUtf8(std::string_view text);

/// A cursor over untrusted bytes. Every read is checked against what remains and throws
/// `CorruptFile`, with `what` naming the thing that was being read.
class ByteReader {
 public:
  ByteReader(ByteSpan bytes, const char* what) : bytes_(bytes), what_(what) {}

  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }
  bool atEnd() const { return position_ == bytes_.size(); }

  uint8_t readByte();
  uint32_t readFixed32();
  uint64_t readFixed64();
  /// Base-128 varint of at most `maxBits` value bits (32 or 64).
  uint64_t readVarint(int maxBits = 64);
  ByteSpan readBytes(uint64_t count);

  [[noreturn]] void fail(const std::string& reason) const;

 private:
  ByteSpan bytes_;
  const char* what_;
  size_t position_ = 0;
};

/// Appends little-endian numbers and varints to a growing buffer.
class ByteWriter {
 public:
  size_t size() const { return bytes_.size(); }
  ByteSpan view() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }
  void clear() { bytes_.clear(); }

  void writeByte(uint8_t value) { bytes_.push_back(std::byte{value}); }
  void writeFixed32(uint32_t value);
  void writeFixed64(uint64_t value);
  void writeVarint(uint64_t value);
  void writeBytes(ByteSpan bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void writeText(std::string_view text) { writeBytes(asBytes(text)); }

 private:
  Bytes bytes_;
};

}  // namespace tabtrain
