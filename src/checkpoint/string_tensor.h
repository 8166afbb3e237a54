#pragma once

#include <string_view>
#include <vector>

#include "checkpoint/bytes.h"

// The bytes of a string tensor; the grammar is in bundle.h.

namespace tabtrain {

struct StringTensor {
  std::vector<std::string_view> values;
  /// Checksum of the whole tensor as its entry states it, masked.
  uint32_t maskedCrc = 0;
};

/// Views into `bytes`. Throws CorruptFile unless there are exactly `count` strings and the checksum
/// of the lengths holds; the caller compares `maskedCrc`.
StringTensor decodeStringTensor(ByteSpan bytes, uint64_t count);

/// Appends the tensor to `out` and returns the masked checksum for its entry.
uint32_t encodeStringTensor(const std::vector<std::string_view>& values, Bytes& out);

}  // namespace tabtrain
