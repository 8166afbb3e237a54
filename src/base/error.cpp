#include "base/error.h"

namespace tabtrain {

void throwError(ErrorCode code, std::string message) { throw Error(code, std::move(message)); }

const char* errorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return "INVALID_ARGUMENT";
    case ErrorCode::ShapeMismatch:
      return "SHAPE_MISMATCH";
    case ErrorCode::NotFound:
      return "NOT_FOUND";
    case ErrorCode::CorruptFile:
      return "CORRUPT_FILE";
    case ErrorCode::Unsupported:
      return "UNSUPPORTED";
    case ErrorCode::UnknownClass:
      return "UNKNOWN_CLASS";
    case ErrorCode::OutOfMemory:
      return "OUT_OF_MEMORY";
    case ErrorCode::Internal:
      break;
  }
  return "INTERNAL";
}

}  // namespace tabtrain
