#include "checkpoint/bundle_entry.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/error.h"
#include "checkpoint/proto.h"

namespace tabtrain {
namespace {

constexpr int64_t kInt32Max = std::numeric_limits<int32_t>::max();
constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr size_t kLargestRank = 254;  // TensorShape::MaxDimensions()
constexpr int64_t kBundleVersion = 1;

void checkVersion(ByteSpan message) {
  ProtoReader version(message, "checkpoint header: version");
  while (version.next()) {
    if (version.field() == 2) {
      const int64_t least = version.readCount(kInt32Max);
      if (least > kBundleVersion) {
        throw Error(ErrorCode::Unsupported, "checkpoint header: needs a reader of bundle version " +
                                                std::to_string(least) + ", this is version " +
                                                std::to_string(kBundleVersion));
      }
    } else if (version.field() == 3) {
      throw Error(ErrorCode::Unsupported, "checkpoint header: excludes versions of its readers");
    }
  }
}

int64_t parseDimension(ByteSpan message) {
  ProtoReader dimension(message, "checkpoint entry: dimension");
  int64_t size = 0;
  while (dimension.next()) {
    if (dimension.field() == 1) size = dimension.readCount(kInt64Max);
  }
  return size;
}

std::vector<int64_t> parseShape(ByteSpan message) {
  ProtoReader proto(message, "checkpoint entry: shape");
  std::vector<int64_t> shape;
  while (proto.next()) {
    if (proto.field() == 2) {
      if (shape.size() == kLargestRank) proto.fail("has more than 254 dimensions");
      shape.push_back(parseDimension(proto.readBytes()));
    } else if (proto.field() == 3 && proto.readBool()) {
      proto.fail("has no known rank");
    }
  }
  return shape;
}

using Before = bool (*)(const BundleEntry*, const BundleEntry*);

/// One instantiation of std::sort for all orders: it is large.
void sortEntries(std::vector<const BundleEntry*>& entries, Before before) {
  std::sort(entries.begin(), entries.end(), before);
}

}  // namespace

void sortByKey(std::vector<const BundleEntry*>& entries) {
  sortEntries(entries, [](const BundleEntry* a, const BundleEntry* b) { return a->key < b->key; });
}

void sortByPlace(std::vector<const BundleEntry*>& entries) {
  sortEntries(entries, [](const BundleEntry* a, const BundleEntry* b) {
    return std::tie(a->shard, a->offset, a->size, a->key) <
           std::tie(b->shard, b->offset, b->size, b->key);
  });
}

std::optional<uint64_t> countElements(const std::vector<int64_t>& shape) {
  uint64_t product = 1;
  for (const int64_t size : shape) {
    if (size < 0) return std::nullopt;
    const auto factor = static_cast<uint64_t>(size);
    if (factor != 0 && product > static_cast<uint64_t>(kInt64Max) / factor) return std::nullopt;
    product *= factor;
  }
  return product;
}

uint32_t parseBundleHeader(ByteSpan message) {
  ProtoReader header(message, "checkpoint header");
  int64_t shardCount = 0;
  while (header.next()) {
    if (header.field() == 1) {
      shardCount = header.readCount(kInt32Max);
    } else if (header.field() == 2) {
      if (header.readUint64() != 0) {
        throw Error(ErrorCode::Unsupported,
                    "checkpoint header: written on a big-endian machine; only little-endian files "
                    "can be read");
      }
    } else if (header.field() == 3) {
      checkVersion(header.readBytes());
    }
  }
  if (shardCount < 1) header.fail("names no data file");
  return static_cast<uint32_t>(shardCount);
}

Bytes serializeBundleHeader() {
  ProtoWriter version;
  version.writeUint64(1, kBundleVersion);
  ProtoWriter header;
  header.writeUint64(1, 1);
  header.writeMessage(3, version.view());
  return header.take();
}

BundleEntry parseBundleEntry(std::string_view key, ByteSpan message) {
  ProtoReader proto(message, "checkpoint entry");
  BundleEntry entry;
  entry.key = key;
  uint64_t dtype = 0;
  while (proto.next()) {
    switch (proto.field()) {
      case 1:
        dtype = proto.readUint64();
        break;
      case 2:
        entry.shape = parseShape(proto.readBytes());
        break;
      case 3:
        entry.shard = static_cast<uint32_t>(proto.readCount(kInt32Max));
        break;
      case 4:
        entry.offset = static_cast<uint64_t>(proto.readCount(kInt64Max));
        break;
      case 5:
        entry.size = static_cast<uint64_t>(proto.readCount(kInt64Max));
        break;
      case 6:
        entry.maskedCrc = proto.readFixed32();
        break;
      case 7:
        proto.readBytes();
        entry.sliced = true;
        break;
      default:
        break;
    }
  }
  const auto known = tensorflowDTypeFromNumber(dtype);
  if (!known) {
    throw Error(ErrorCode::Unsupported, "checkpoint entry " + quoted(key) +
                                            ": unknown dtype number " + std::to_string(dtype));
  }
  entry.dtype = *known;
  const auto elements = countElements(entry.shape);
  if (!elements) proto.fail("the shape of " + quoted(key) + " has too many elements");
  entry.elements = *elements;
  if (entry.sliced) return entry;
  const uint64_t itemSize = tensorflowItemSize(entry.dtype);
  // In a string tensor every element takes at least the one byte of its length.
  const bool fits = itemSize != 0
                        ? entry.size % itemSize == 0 && entry.size / itemSize == *elements
                        : entry.dtype != TensorflowDType::String || entry.size >= *elements;
  if (!fits) {
    proto.fail(quoted(key) + " has " + std::to_string(*elements) + " elements of " +
               tensorflowDTypeName(entry.dtype) + " in " + std::to_string(entry.size) + " bytes");
  }
  return entry;
}

Bytes serializeBundleEntry(const BundleEntry& entry) {
  ProtoWriter shape;
  for (const int64_t size : entry.shape) {
    ProtoWriter dimension;
    dimension.writeUint64(1, static_cast<uint64_t>(size));
    shape.writeMessage(2, dimension.view());
  }
  ProtoWriter proto;
  proto.writeUint64(1, static_cast<uint64_t>(entry.dtype));
  proto.writeMessage(2, shape.view());
  proto.writeUint64(3, entry.shard);
  proto.writeUint64(4, entry.offset);
  proto.writeUint64(5, entry.size);
  proto.writeFixed32(6, entry.maskedCrc);
  return proto.take();
}

}  // namespace tabtrain
