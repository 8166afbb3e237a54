#include <algorithm>

#include "base/error.h"
#include "checkpoint/bundle.h"
#include "checkpoint/bundle_entry.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/string_tensor.h"
#include "checkpoint/table.h"

namespace tabtrain {
namespace {

[[noreturn]] void corrupt(const std::string& reason) {
  throw Error(ErrorCode::CorruptFile, "checkpoint: " + reason);
}

std::string nameOfShard(size_t shard) { return "data file " + std::to_string(shard); }

/// Whether the bytes of the entry can be read: a plain tensor or strings.
bool readable(const BundleEntry& entry) {
  return !entry.sliced &&
         (entry.dtype == TensorflowDType::String || tensorflowItemSize(entry.dtype));
}

}  // namespace

BundleIndex readBundleIndex(ByteSpan index) {
  BundleIndex bundle;
  bool headerRead = false;
  readTable(index, [&](std::string_view key, ByteSpan value) {
    if (!headerRead) {
      if (!key.empty()) corrupt("the index does not start with a header, but with " + quoted(key));
      bundle.shardCount = parseBundleHeader(value);
      headerRead = true;
      return;
    }
    // Slices of partitioned variables are filed under an ordered code that starts with a zero byte.
    if (key.front() == '\0') return;
    if (!isUtf8(key)) corrupt("key " + quoted(key) + " is not UTF-8");
    bundle.entries.push_back(parseBundleEntry(key, value));
    if (bundle.entries.back().shard >= bundle.shardCount) {
      corrupt(quoted(key) + " lies in " + nameOfShard(bundle.entries.back().shard) + " of " +
              std::to_string(bundle.shardCount));
    }
  });
  if (!headerRead) corrupt("the index is empty");
  if (bundle.shardCount > std::max<size_t>(1, bundle.entries.size())) {
    corrupt("the header names " + std::to_string(bundle.shardCount) + " data files for " +
            std::to_string(bundle.entries.size()) + " tensors");
  }
  return bundle;
}

std::vector<ListedVariable> listVariables(ByteSpan index) {
  BundleIndex bundle = readBundleIndex(index);
  std::vector<ListedVariable> listed;
  listed.reserve(bundle.entries.size());
  for (BundleEntry& entry : bundle.entries) {
    listed.push_back(
        {std::move(entry.key), tensorflowDTypeName(entry.dtype), std::move(entry.shape)});
  }
  return listed;
}

Bundle::Bundle(ByteSpan index, std::vector<ByteSpan> shards)
    : index_(readBundleIndex(index)), shards_(std::move(shards)) {
  if (shards_.size() != index_.shardCount) {
    throw Error(ErrorCode::InvalidArgument,
                "checkpoint: the index names " + std::to_string(index_.shardCount) +
                    " data files, " + std::to_string(shards_.size()) + " were given");
  }
  std::vector<const BundleEntry*> stored;
  for (const BundleEntry& entry : index_.entries) {
    if (!readable(entry)) continue;
    const size_t available = shards_[entry.shard].size();
    if (entry.offset > available || entry.size > available - entry.offset) {
      corrupt(quoted(entry.key) + " takes " + std::to_string(entry.size) + " bytes at " +
              std::to_string(entry.offset) + ", " + nameOfShard(entry.shard) + " has " +
              std::to_string(available));
    }
    if (entry.size > 0) stored.push_back(&entry);
  }
  // Tensors that share bytes would let a small file ask for a lot of work.
  sortByPlace(stored);
  for (size_t i = 1; i < stored.size(); ++i) {
    const BundleEntry& before = *stored[i - 1];
    if (before.shard == stored[i]->shard && before.offset + before.size > stored[i]->offset) {
      corrupt(quoted(before.key) + " and " + quoted(stored[i]->key) + " share bytes");
    }
  }
}

const BundleEntry* Bundle::find(std::string_view key) const {
  const auto found = std::lower_bound(
      index_.entries.begin(), index_.entries.end(), key,
      [](const BundleEntry& entry, std::string_view wanted) { return entry.key < wanted; });
  return found != index_.entries.end() && found->key == key ? &*found : nullptr;
}

ByteSpan Bundle::tensorBytesUnchecked(const BundleEntry& entry) const {
  if (!readable(entry)) {
    throw Error(ErrorCode::Unsupported,
                "checkpoint: " + quoted(entry.key) +
                    (entry.sliced ? " is a partitioned variable, stored in slices"
                                  : std::string(" has dtype ") + tensorflowDTypeName(entry.dtype)) +
                    ", which cannot be read");
  }
  return shards_[entry.shard].subspan(static_cast<size_t>(entry.offset),
                                      static_cast<size_t>(entry.size));
}

ByteSpan Bundle::tensorBytes(const BundleEntry& entry) const {
  const ByteSpan bytes = tensorBytesUnchecked(entry);
  const uint32_t crc = entry.dtype == TensorflowDType::String
                           ? decodeStringTensor(bytes, entry.elements).maskedCrc
                           : maskCrc32c(crc32c(bytes));
  if (crc != entry.maskedCrc) {
    corrupt(quoted(entry.key) + " fails its checksum: the data file was changed or cut");
  }
  return bytes;
}

std::vector<std::string_view> Bundle::strings(const BundleEntry& entry) const {
  if (entry.dtype != TensorflowDType::String) {
    corrupt(quoted(entry.key) + " is " + tensorflowDTypeName(entry.dtype) + ", expected string");
  }
  return decodeStringTensor(tensorBytes(entry), entry.elements).values;
}

void Bundle::verify() const {
  for (const BundleEntry& entry : index_.entries) {
    if (readable(entry)) tensorBytes(entry);
  }
}

}  // namespace tabtrain
