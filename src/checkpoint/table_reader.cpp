#include <limits>

#include "base/error.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/snappy.h"
#include "checkpoint/table.h"

namespace tabtrain {
namespace {

constexpr uint64_t kLargestKeyExpansion = 64;
constexpr char kWhat[] = "checkpoint index";

[[noreturn]] void corrupt(const std::string& reason) {
  throw Error(ErrorCode::CorruptFile, std::string(kWhat) + ": " + reason);
}

struct Handle {
  uint64_t offset = 0;
  uint64_t size = 0;
};

Handle readHandle(ByteReader& reader) {
  Handle handle;
  handle.offset = reader.readVarint();
  handle.size = reader.readVarint();
  return handle;
}

/// A block's content; `storage` keeps it alive when it had to be decompressed.
struct BlockContent {
  ByteSpan bytes;
  Bytes storage;
};

class TableReader {
 public:
  explicit TableReader(ByteSpan file)
      : file_(file), keyBudget_(kLargestKeyExpansion * file.size()) {}

  void read(const std::function<void(std::string_view, ByteSpan)>& visit) {
    const Footer footer = readFooter();
    const Handle& metaindex = footer.metaindex;
    const Handle& index = footer.index;
    if (metaindex.offset > index.offset) corrupt("the metaindex block is behind the index block");
    readEntries(readBlock(metaindex).bytes, [](std::string_view, ByteSpan) {});

    uint64_t dataEnd = 0;
    std::string lastKey;
    bool any = false;
    std::string lastIndexKey;
    readEntries(readBlock(index).bytes, [&](std::string_view indexKey, ByteSpan value) {
      ByteReader handleReader(value, "checkpoint index: block handle");
      const Handle handle = readHandle(handleReader);
      if (!handleReader.atEnd()) handleReader.fail("has bytes left over");
      if (handle.offset < dataEnd) corrupt("data blocks overlap or are out of order");
      if (handle.offset >= metaindex.offset) corrupt("a data block is behind the metaindex block");
      const BlockContent content = readBlock(handle);
      dataEnd = handle.offset + handle.size + kBlockTrailerSize;
      readEntries(content.bytes, [&](std::string_view key, ByteSpan entry) {
        if (any && key <= lastKey) {
          corrupt("key " + quoted(key) + " comes after " + quoted(lastKey));
        }
        if (!lastIndexKey.empty() && key <= lastIndexKey) {
          corrupt("key " + quoted(key) + " is below the key of the index block");
        }
        any = true;
        lastKey = key;
        visit(key, entry);
      });
      if (any && lastKey > indexKey) corrupt("a key of the index block is below its data block");
      lastIndexKey = indexKey;
    });
    if (dataEnd > metaindex.offset) corrupt("a data block reaches into the metaindex block");
  }

 private:
  struct Footer {
    Handle metaindex;
    Handle index;
  };

  Footer readFooter() {
    if (file_.size() < kTableFooterSize) {
      corrupt("has " + std::to_string(file_.size()) + " bytes, the footer alone takes " +
              std::to_string(kTableFooterSize));
    }
    ByteReader reader(file_.last(kTableFooterSize), "checkpoint index: footer");
    const size_t magicAt = kTableFooterSize - sizeof(kTableMagic);
    ByteReader magic(file_.last(sizeof(kTableMagic)), kWhat);
    if (magic.readFixed64() != kTableMagic) {
      corrupt(
          "does not end with the magic number of a TensorFlow table: it is cut off or no "
          "TensorFlow checkpoint");
    }
    Footer footer;
    footer.metaindex = readHandle(reader);
    footer.index = readHandle(reader);
    // The footer has no checksum: only its one canonical form is accepted.
    ByteWriter shortest;
    for (const Handle& handle : {footer.metaindex, footer.index}) {
      shortest.writeVarint(handle.offset);
      shortest.writeVarint(handle.size);
    }
    if (shortest.size() != reader.position()) reader.fail("a varint is longer than it needs to be");
    while (reader.position() < magicAt) {
      if (reader.readByte() != 0) reader.fail("padding is not zero");
    }
    return footer;
  }

  BlockContent readBlock(const Handle& handle) const {
    const uint64_t blocksEnd = file_.size() - kTableFooterSize;
    if (handle.offset > blocksEnd || blocksEnd - handle.offset < kBlockTrailerSize ||
        handle.size > blocksEnd - handle.offset - kBlockTrailerSize) {
      corrupt("block of " + std::to_string(handle.size) + " bytes at " +
              std::to_string(handle.offset) + " does not fit into " + std::to_string(blocksEnd));
    }
    const size_t offset = static_cast<size_t>(handle.offset);
    const size_t size = static_cast<size_t>(handle.size);
    ByteReader trailer(file_.subspan(offset + size, kBlockTrailerSize), kWhat);
    const uint8_t type = trailer.readByte();
    const uint32_t expected = trailer.readFixed32();
    if (maskCrc32c(crc32c(file_.subspan(offset, size + 1))) != expected) {
      corrupt("block at " + std::to_string(handle.offset) + " fails its checksum");
    }
    BlockContent content;
    content.bytes = file_.subspan(offset, size);
    if (type == kBlockSnappy) {
      content.storage = decodeSnappy(content.bytes);
      content.bytes = content.storage;
    } else if (type != kBlockPlain) {
      throw Error(ErrorCode::Unsupported, std::string(kWhat) + ": block compression " +
                                              std::to_string(type) +
                                              ", expected 0 (none) or 1 (snappy)");
    }
    return content;
  }

  void readEntries(ByteSpan content, const std::function<void(std::string_view, ByteSpan)>& visit) {
    if (content.size() < 8) corrupt("a block is shorter than its restart array");
    ByteReader count(content.last(4), kWhat);
    const uint64_t restartCount = count.readFixed32();
    if (restartCount == 0 || restartCount > content.size() / 4 - 1) {
      corrupt("a block of " + std::to_string(content.size()) + " bytes states " +
              std::to_string(restartCount) + " restarts");
    }
    const size_t entriesSize = content.size() - 4 * static_cast<size_t>(restartCount + 1);
    ByteReader restarts(content.subspan(entriesSize), kWhat);
    ByteReader entries(content.first(entriesSize), "checkpoint index: block");

    constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();
    uint64_t nextRestart = restarts.readFixed32();
    uint64_t restartsLeft = restartCount - 1;
    if (nextRestart != 0) corrupt("the first restart is not at 0");
    std::string key;
    while (!entries.atEnd()) {
      const bool atRestart = nextRestart == entries.position();
      const uint64_t shared = entries.readVarint(32);
      const uint64_t unshared = entries.readVarint(32);
      const uint64_t valueSize = entries.readVarint(32);
      if (shared > key.size()) entries.fail("an entry shares more than its predecessor has");
      if (atRestart) {
        if (shared != 0) entries.fail("an entry at a restart shares a prefix");
        nextRestart = restartsLeft > 0 ? restarts.readFixed32() : kNone;
        restartsLeft -= restartsLeft > 0 ? 1 : 0;
      }
      const std::string_view suffix = asText(entries.readBytes(unshared));
      if (shared + unshared > keyBudget_)
        entries.fail("keys unfold to more than 64 times the file");
      keyBudget_ -= shared + unshared;
      key.resize(static_cast<size_t>(shared));
      key += suffix;
      visit(key, entries.readBytes(valueSize));
    }
    if (restartsLeft > 0 || (entriesSize > 0 && nextRestart != kNone)) {
      corrupt("a restart is not the start of an entry");
    }
  }

  ByteSpan file_;
  uint64_t keyBudget_;
};

}  // namespace

void readTable(ByteSpan file, const std::function<void(std::string_view, ByteSpan)>& visit) {
  TableReader(file).read(visit);
}

}  // namespace tabtrain
