#pragma once

#include "checkpoint/bytes.h"
#include "checkpoint/tensorflow_dtype.h"

namespace tabtrain {

/// Whether stored elements are floats of another width than float32.
bool isOtherFloat(TensorflowDType dtype);

/// Stored elements, little-endian, as float32; of float64 the nearest ones. `dtype` must be one of
/// `isOtherFloat`.
Bytes toFloat32(TensorflowDType dtype, ByteSpan elements);

}  // namespace tabtrain
