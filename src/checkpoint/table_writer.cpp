#include <algorithm>

#include "base/error.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/table.h"

namespace tabtrain {
namespace {

/// A short key K with last <= K < next.
std::string separator(const std::string& last, std::string_view next) {
  const size_t common = static_cast<size_t>(
      std::mismatch(last.begin(), last.end(), next.begin(), next.end()).first - last.begin());
  if (common >= std::min(last.size(), next.size())) return last;
  const auto byte = static_cast<unsigned char>(last[common]);
  if (byte == 0xff || byte + 1 >= static_cast<unsigned char>(next[common])) return last;
  std::string shortened = last.substr(0, common + 1);
  shortened.back() = static_cast<char>(byte + 1);
  return shortened;
}

/// A short key K with last <= K.
std::string successor(const std::string& last) {
  for (size_t i = 0; i < last.size(); ++i) {
    const auto byte = static_cast<unsigned char>(last[i]);
    if (byte != 0xff) {
      std::string shortened = last.substr(0, i + 1);
      shortened.back() = static_cast<char>(byte + 1);
      return shortened;
    }
  }
  return last;
}

}  // namespace

void TableWriter::Block::add(std::string_view key, ByteSpan value) {
  size_t shared = 0;
  if (sinceRestart_ < restartInterval_) {
    const size_t most = std::min(lastKey_.size(), key.size());
    while (shared < most && lastKey_[shared] == key[shared]) ++shared;
  } else {
    restarts_.push_back(static_cast<uint32_t>(entries_.size()));
    sinceRestart_ = 0;
  }
  entries_.writeVarint(shared);
  entries_.writeVarint(key.size() - shared);
  entries_.writeVarint(value.size());
  entries_.writeText(key.substr(shared));
  entries_.writeBytes(value);
  lastKey_ = key;
  ++sinceRestart_;
}

Bytes TableWriter::Block::finish() {
  for (const uint32_t restart : restarts_) entries_.writeFixed32(restart);
  entries_.writeFixed32(static_cast<uint32_t>(restarts_.size()));
  const int interval = restartInterval_;
  Bytes content = entries_.take();
  *this = Block(interval);
  return content;
}

void TableWriter::add(std::string_view key, ByteSpan value) {
  if (any_ && key <= lastKey_) {
    throw Error(ErrorCode::InvalidArgument, "table: key " + quoted(key) + " must come after " +
                                                quoted(lastKey_) + " and may occur only once");
  }
  if (any_ && key.size() + value.size() >= 2 * blockSize_) flushBlock();
  if (indexEntryPending_) addIndexEntry(separator(lastKey_, key));
  any_ = true;
  lastKey_ = key;
  dataBlock_.add(key, value);
  if (dataBlock_.sizeEstimate() >= blockSize_) flushBlock();
}

Bytes TableWriter::finish() {
  flushBlock();
  Block metaindex(16);
  const Handle metaindexHandle = writeBlock(metaindex);
  if (indexEntryPending_) addIndexEntry(successor(lastKey_));
  const Handle indexHandle = writeBlock(indexBlock_);

  const size_t footerStart = file_.size();
  for (const Handle& handle : {metaindexHandle, indexHandle}) {
    file_.writeVarint(handle.offset);
    file_.writeVarint(handle.size);
  }
  while (file_.size() < footerStart + kTableFooterSize - sizeof(kTableMagic)) file_.writeByte(0);
  file_.writeFixed64(kTableMagic);
  return file_.take();
}

void TableWriter::flushBlock() {
  if (dataBlock_.empty()) return;
  pendingHandle_ = writeBlock(dataBlock_);
  indexEntryPending_ = true;
}

void TableWriter::addIndexEntry(std::string_view key) {
  ByteWriter handle;
  handle.writeVarint(pendingHandle_.offset);
  handle.writeVarint(pendingHandle_.size);
  indexBlock_.add(key, handle.view());
  indexEntryPending_ = false;
}

TableWriter::Handle TableWriter::writeBlock(Block& block) {
  const Bytes content = block.finish();
  const Handle handle{file_.size(), content.size()};
  const std::byte type{kBlockPlain};
  file_.writeBytes(content);
  file_.writeByte(kBlockPlain);
  file_.writeFixed32(maskCrc32c(crc32c({&type, 1}, crc32c(content))));
  return handle;
}

}  // namespace tabtrain
