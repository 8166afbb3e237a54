#pragma once

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/table.h"

namespace tabtrain::fuzz {

/// Sets every checksum of a mutated checkpoint right that it can find, so that mutations get past
/// them. Whatever is too broken to be followed stays as it is.
class ChecksumRepair {
 public:
  ChecksumRepair(Bytes& index, Bytes& data) : index_(index), data_(data) {}

  void run() {
    if (index_.size() < kTableFooterSize) return;
    attempt([&] {
      ByteReader footer(ByteSpan(index_).last(kTableFooterSize), "footer");
      const auto metaindex = readHandle(footer);
      const auto index = readHandle(footer);
      for (const auto& [at, size] : entryValues(index)) {
        ByteReader value(ByteSpan(index_).subspan(at, size), "handle");
        const auto block = readHandle(value);
        for (const auto& entry : entryValues(block)) repairTensor(entry.at, entry.size);
        repairBlock(block);
      }
      repairBlock(metaindex);
      repairBlock(index);
    });
  }

 private:
  struct Range {
    size_t at;
    size_t size;
  };

  template <typename Run>
  static void attempt(Run&& run) {
    try {
      run();
    } catch (const Error&) {
    }
  }

  static Range readHandle(ByteReader& reader) {
    const auto at = static_cast<size_t>(reader.readVarint());
    return {at, static_cast<size_t>(reader.readVarint())};
  }

  bool holdsBlock(const Range& block) const {
    return block.at <= index_.size() && index_.size() - block.at >= kBlockTrailerSize &&
           block.size <= index_.size() - block.at - kBlockTrailerSize;
  }

  static void store32(Bytes& bytes, size_t at, uint32_t value) {
    for (int i = 0; i < 4; ++i) bytes[at + i] = std::byte{static_cast<uint8_t>(value >> (8 * i))};
  }

  void repairBlock(const Range& block) {
    if (!holdsBlock(block)) return;
    const uint32_t crc = crc32c(ByteSpan(index_).subspan(block.at, block.size + 1));
    store32(index_, block.at + block.size + 1, maskCrc32c(crc));
  }

  /// Where the values of a plain block's entries lie.
  std::vector<Range> entryValues(const Range& block) const {
    std::vector<Range> values;
    if (!holdsBlock(block) || block.size < 8) return values;
    attempt([&] {
      ByteReader count(ByteSpan(index_).subspan(block.at + block.size - 4, 4), "count");
      const uint64_t restarts = count.readFixed32();
      if (restarts > block.size / 4 - 1) return;
      const size_t size = block.size - 4 * static_cast<size_t>(restarts + 1);
      ByteReader entries(ByteSpan(index_).subspan(block.at, size), "entries");
      while (!entries.atEnd()) {
        entries.readVarint();
        const uint64_t unshared = entries.readVarint();
        const uint64_t length = entries.readVarint();
        entries.readBytes(unshared);
        values.push_back({block.at + entries.position(), static_cast<size_t>(length)});
        entries.readBytes(length);
      }
    });
    if (!values.empty() && values.back().at + values.back().size > index_.size()) values.pop_back();
    return values;
  }

  void repairTensor(size_t at, size_t size) {
    attempt([&] {
      uint64_t dtype = 0;
      uint64_t offset = 0;
      uint64_t length = 0;
      size_t crcAt = 0;
      ByteReader entry(ByteSpan(index_).subspan(at, size), "entry");
      while (!entry.atEnd()) {
        const uint64_t tag = entry.readVarint();
        const uint64_t field = tag >> 3;
        if ((tag & 7) == 5) {
          if (field == 6) crcAt = at + entry.position();
          entry.readFixed32();
        } else if ((tag & 7) == 2) {
          entry.readBytes(entry.readVarint());
        } else {
          const uint64_t value = entry.readVarint();
          if (field == 1) dtype = value;
          if (field == 4) offset = value;
          if (field == 5) length = value;
        }
      }
      if (crcAt == 0 || offset > data_.size() || length > data_.size() - offset) return;
      const Range tensor{static_cast<size_t>(offset), static_cast<size_t>(length)};
      const ByteSpan bytes = ByteSpan(data_).subspan(tensor.at, tensor.size);
      store32(index_, crcAt, maskCrc32c(dtype == 7 ? repairString(tensor) : crc32c(bytes)));
    });
  }

  /// One string: varint length, checksum of the length, bytes.
  uint32_t repairString(const Range& tensor) {
    const ByteSpan bytes = ByteSpan(data_).subspan(tensor.at, tensor.size);
    ByteReader reader(bytes, "string");
    ByteWriter length;
    length.writeFixed32(static_cast<uint32_t>(reader.readVarint()));
    const size_t crcAt = reader.position();
    reader.readFixed32();
    const uint32_t crc = crc32c(length.view());
    store32(data_, tensor.at + crcAt, maskCrc32c(crc));
    return crc32c(bytes.subspan(crcAt), crc);
  }

  Bytes& index_;
  Bytes& data_;
};

}  // namespace tabtrain::fuzz
