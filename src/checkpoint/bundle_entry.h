#pragma once

#include <vector>

#include "checkpoint/bundle.h"

// The two messages of a bundle's index; the grammar is in bundle.h.

namespace tabtrain {

/// Throws CorruptFile or Unsupported. Gives the number of shards.
uint32_t parseBundleHeader(ByteSpan message);
Bytes serializeBundleHeader();

/// Throws CorruptFile unless size, shape and dtype agree.
BundleEntry parseBundleEntry(std::string_view key, ByteSpan message);
Bytes serializeBundleEntry(const BundleEntry& entry);

/// Sorts by key, or by the place in the data files (empty tensors before the one that starts at the
/// same place).
void sortByKey(std::vector<const BundleEntry*>& entries);
void sortByPlace(std::vector<const BundleEntry*>& entries);

/// The product of `shape`, or nothing when a dimension is negative or the product overflows.
std::optional<uint64_t> countElements(const std::vector<int64_t>& shape);

}  // namespace tabtrain
