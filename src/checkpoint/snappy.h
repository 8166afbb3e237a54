#pragma once

#include "checkpoint/bytes.h"

namespace tabtrain {

/// Decodes one block of raw Snappy (no framing):
///   block   := varint32 uncompressed_length element*
///   element := tag literal_length? bytes        tag & 3 == 0, length (tag >> 2) + 1; 60..63: the
///                                               length - 1 follows in 1..4 little-endian bytes
///            | tag offset                       copy of earlier output
///     tag & 3 == 1: length ((tag >> 2) & 7) + 4, offset = (tag >> 5) << 8 | byte
///     tag & 3 == 2: length (tag >> 2) + 1, offset = 2 bytes LE
///     tag & 3 == 3: length (tag >> 2) + 1, offset = 4 bytes LE
/// Throws CorruptFile. A stated length that the input cannot reach (more than 64 bytes out for 3
/// bytes in) is refused before anything is allocated.
Bytes decodeSnappy(ByteSpan block);

}  // namespace tabtrain
