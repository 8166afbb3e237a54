#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "checkpoint/bytes.h"

// TensorFlow's table, a relative of leveldb's (tsl/lib/io/{table_builder,block_builder,format}.cc):
//   file    := data_block* metaindex_block index_block footer
//   block   := content trailer
//   trailer := u8 type (0 plain, 1 snappy) fixed32 masked_crc32c(content as stored, type)
//   content := entry* fixed32 restart{n} fixed32 n
//   entry   := varint32 shared, varint32 unshared, varint32 value_length, key suffix, value
//   footer  := handle(metaindex) handle(index) zeros to 40 bytes, fixed64 0xdb4775248b80fb57
//   handle  := varint64 offset, varint64 size without trailer
// Keys rise strictly, bytewise. A restart is the offset of an entry that shares nothing with its
// predecessor. An index entry's value is a data block's handle; its key is not below any key of
// that block and below all keys of the next.

namespace tabtrain {

constexpr uint64_t kTableMagic = 0xdb4775248b80fb57;
constexpr size_t kTableFooterSize = 48;
constexpr size_t kBlockTrailerSize = 5;
constexpr uint8_t kBlockPlain = 0;
constexpr uint8_t kBlockSnappy = 1;

/// Writes a table with TensorFlow's own choices, so that the bytes are the same: 16 entries a
/// restart (1 in the index block), blocks of 256 KiB, no compression, an empty metaindex.
class TableWriter {
 public:
  static constexpr size_t kBlockSize = 262144;

  explicit TableWriter(size_t blockSize = kBlockSize) : blockSize_(blockSize) {}

  /// Throws InvalidArgument unless `key` is above all earlier keys.
  void add(std::string_view key, ByteSpan value);
  /// The whole file. The writer is spent.
  Bytes finish();

 private:
  class Block {
   public:
    explicit Block(int restartInterval) : restartInterval_(restartInterval) {}
    bool empty() const { return entries_.size() == 0; }
    /// Size of the content if it were finished now.
    size_t sizeEstimate() const { return entries_.size() + 4 * restarts_.size() + 4; }
    void add(std::string_view key, ByteSpan value);
    Bytes finish();

   private:
    int restartInterval_;
    int sinceRestart_ = 0;
    ByteWriter entries_;
    std::vector<uint32_t> restarts_ = {0};
    std::string lastKey_;
  };

  struct Handle {
    uint64_t offset = 0;
    uint64_t size = 0;
  };

  void flushBlock();
  void addIndexEntry(std::string_view key);
  Handle writeBlock(Block& block);

  size_t blockSize_;
  ByteWriter file_;
  Block dataBlock_{16};
  Block indexBlock_{1};
  std::string lastKey_;
  bool any_ = false;
  bool indexEntryPending_ = false;
  Handle pendingHandle_;
};

/// Reads a whole table, calling `visit` for each entry in the order of the keys; key and value are
/// valid during the call. Throws CorruptFile unless all of these hold: checksums; blocks within the
/// file, in order and apart; restarts that are entries; rising keys that agree with the index. All
/// keys together may not take more than 64 times the file's size (prefix sharing could else unfold
/// into far more memory than the file).
void readTable(ByteSpan file, const std::function<void(std::string_view, ByteSpan)>& visit);

}  // namespace tabtrain
