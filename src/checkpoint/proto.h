#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "checkpoint/bytes.h"

// Protocol buffer wire format, as much of it as TensorFlow's checkpoint messages use:
//   message := field*
//   field   := varint(number << 3 | type) value
//   value   := type 0: varint | type 1: 8 bytes | type 2: varint length, bytes | type 5: 4 bytes LE
// proto3: a scalar that is zero is left out; a submessage may be present with length 0.

namespace tabtrain {

/// Walks the fields of one message. A field that is not read is skipped by the next `next()`.
class ProtoReader {
 public:
  ProtoReader(ByteSpan message, const char* what) : reader_(message, what) {}

  /// Advances to the next field; false at the end of the message.
  bool next();
  int field() const { return field_; }

  uint64_t readUint64();
  /// A non-negative int32 or int64 field.
  int64_t readCount(int64_t largest);
  bool readBool() { return readUint64() != 0; }
  uint32_t readFixed32();
  ByteSpan readBytes();
  /// A `string` field: well-formed UTF-8.
  std::string readString();

  [[noreturn]] void fail(const std::string& reason) const { reader_.fail(reason); }

 private:
  void expect(int wireType);
  void skip();

  ByteReader reader_;
  int field_ = 0;
  int wireType_ = 0;
  bool pending_ = false;
};

/// Writes fields in the order of the calls. Scalars that are zero and empty strings are left out.
class ProtoWriter {
 public:
  ByteSpan view() const { return writer_.view(); }
  Bytes take() { return writer_.take(); }

  void writeUint64(int field, uint64_t value);
  void writeFixed32(int field, uint32_t value);
  void writeString(int field, std::string_view text);
  /// Written even if empty.
  void writeMessage(int field, ByteSpan message);

 private:
  void writeTag(int field, int wireType) {
    writer_.writeVarint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wireType));
  }

  ByteWriter writer_;
};

}  // namespace tabtrain
