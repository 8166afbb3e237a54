#include "checkpoint/proto.h"

namespace tabtrain {
namespace {

constexpr int kVarint = 0;
constexpr int kFixed64 = 1;
constexpr int kLength = 2;
constexpr int kFixed32 = 5;

}  // namespace

bool ProtoReader::next() {
  if (pending_) skip();
  if (reader_.atEnd()) return false;
  const uint64_t tag = reader_.readVarint(32);
  field_ = static_cast<int>(tag >> 3);
  wireType_ = static_cast<int>(tag & 7);
  if (field_ == 0) fail("field number 0");
  pending_ = true;
  return true;
}

void ProtoReader::expect(int wireType) {
  if (wireType_ != wireType) {
    fail("field " + std::to_string(field_) + " has wire type " + std::to_string(wireType_) +
         ", expected " + std::to_string(wireType));
  }
  pending_ = false;
}

void ProtoReader::skip() {
  pending_ = false;
  switch (wireType_) {
    case kVarint:
      reader_.readVarint();
      return;
    case kFixed64:
      reader_.readBytes(8);
      return;
    case kLength:
      reader_.readBytes(reader_.readVarint());
      return;
    case kFixed32:
      reader_.readBytes(4);
      return;
    default:
      fail("field " + std::to_string(field_) + " has unknown wire type " +
           std::to_string(wireType_));
  }
}

uint64_t ProtoReader::readUint64() {
  expect(kVarint);
  return reader_.readVarint();
}

int64_t ProtoReader::readCount(int64_t largest) {
  const uint64_t value = readUint64();
  if (value > static_cast<uint64_t>(largest)) {
    fail("field " + std::to_string(field_) + " is " + std::to_string(static_cast<int64_t>(value)) +
         ", expected 0 to " + std::to_string(largest));
  }
  return static_cast<int64_t>(value);
}

uint32_t ProtoReader::readFixed32() {
  expect(kFixed32);
  return reader_.readFixed32();
}

ByteSpan ProtoReader::readBytes() {
  expect(kLength);
  return reader_.readBytes(reader_.readVarint());
}

std::string ProtoReader::readString() {
  const std::string_view text = asText(readBytes());
  if (!isUtf8(text)) fail("field " + std::to_string(field_) + " is not UTF-8: " + quoted(text));
  return std::string(text);
}

void ProtoWriter::writeUint64(int field, uint64_t value) {
  if (value == 0) return;
  writeTag(field, kVarint);
  writer_.writeVarint(value);
}

void ProtoWriter::writeFixed32(int field, uint32_t value) {
  if (value == 0) return;
  writeTag(field, kFixed32);
  writer_.writeFixed32(value);
}

void ProtoWriter::writeString(int field, std::string_view text) {
  if (!text.empty()) writeMessage(field, asBytes(text));
}

void ProtoWriter::writeMessage(int field, ByteSpan message) {
  writeTag(field, kLength);
  writer_.writeVarint(message.size());
  writer_.writeBytes(message);
}

}  // namespace tabtrain
