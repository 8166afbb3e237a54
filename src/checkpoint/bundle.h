#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/bytes.h"
#include "checkpoint/tensorflow_dtype.h"

// TensorFlow's tensor bundle (tensorflow/core/util/tensor_bundle), two kinds of files:
//   PREFIX.index                  a table (table.h): "" -> BundleHeaderProto, else key ->
//   BundleEntryProto PREFIX.data-00000-of-00001    the tensors' bytes back to back, in the order
//   they were written BundleHeaderProto := num_shards=1, endianness=2 (0 little, 1 big), version=3
//   VersionDef VersionDef        := producer=1, min_consumer=2, repeated bad_consumers=3
//   BundleEntryProto  := dtype=1, shape=2 TensorShapeProto, shard_id=3, offset=4, size=5,
//                        crc32c=6 fixed32 masked, repeated slices=7
//   TensorShapeProto  := repeated dim=2 { size=1 }, unknown_rank=3
// A tensor is raw, little-endian, C order. A string tensor is
//   varint64 length{n} fixed32 masked_crc32c(lengths as fixed32) bytes{n}
// and its entry's checksum covers the lengths as fixed32, that inner checksum and the bytes.

namespace tabtrain {

inline constexpr std::string_view kObjectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH";

struct BundleEntry {
  std::string key;
  TensorflowDType dtype = TensorflowDType::Float;
  std::vector<int64_t> shape;
  uint64_t elements = 0;  // the product of `shape`
  uint32_t shard = 0;
  uint64_t offset = 0;
  uint64_t size = 0;
  uint32_t maskedCrc = 0;
  /// A partitioned variable: its values lie under other keys.
  bool sliced = false;
};

/// What the `.index` file alone says.
struct BundleIndex {
  uint32_t shardCount = 1;
  std::vector<BundleEntry> entries;  // keys rise bytewise
};

/// Throws CorruptFile, or Unsupported (big-endian file, newer format version, unknown dtype). Sizes
/// agree with shapes and dtypes afterwards. The data of slices is left out of `entries`.
BundleIndex readBundleIndex(ByteSpan index);

struct ListedVariable {
  std::string name;
  std::string dtype;
  std::vector<int64_t> shape;
};

/// What `tf.train.list_variables` lists, in its order. Works on any bundle, object graph or not.
std::vector<ListedVariable> listVariables(ByteSpan index);

/// A whole checkpoint in memory. It keeps views of `shards`, whose bytes must outlive it.
class Bundle {
 public:
  /// Throws InvalidArgument unless there are as many shards as the index names, and CorruptFile
  /// where a tensor is not within its shard or two share bytes.
  Bundle(ByteSpan index, std::vector<ByteSpan> shards);

  const std::vector<BundleEntry>& entries() const { return index_.entries; }
  const BundleEntry* find(std::string_view key) const;

  /// The stored bytes of a tensor, checksum verified. Throws CorruptFile, or Unsupported for a
  /// partitioned variable and for dtypes without a fixed item size.
  ByteSpan tensorBytes(const BundleEntry& entry) const;
  /// The same without looking at the checksum, for after `verify`.
  ByteSpan tensorBytesUnchecked(const BundleEntry& entry) const;
  /// The elements of a string tensor, checksums verified.
  std::vector<std::string_view> strings(const BundleEntry& entry) const;
  /// Verifies the checksums of all tensors that can be read.
  void verify() const;

 private:
  BundleIndex index_;
  std::vector<ByteSpan> shards_;
};

/// Contents of `PREFIX.index` and `PREFIX.data-00000-of-00001`.
struct BundleFiles {
  Bytes index;
  Bytes data;
};

/// Writes a bundle with one shard, byte for byte as TensorFlow does for the same calls.
class BundleWriter {
 public:
  /// `bytes` must have the size that dtype and shape ask for. Throws InvalidArgument.
  void add(std::string key, TensorflowDType dtype, std::vector<int64_t> shape, ByteSpan bytes);
  void addStrings(std::string key, std::vector<int64_t> shape,
                  const std::vector<std::string_view>& values);
  /// Reserves memory for the data file.
  void reserve(size_t dataBytes) { data_.reserve(dataBytes); }
  /// Throws InvalidArgument if a key was added twice or is empty. The writer is spent.
  BundleFiles finish();

 private:
  std::vector<BundleEntry> entries_;
  Bytes data_;
};

}  // namespace tabtrain
