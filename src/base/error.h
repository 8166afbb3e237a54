#pragma once

#include <exception>
#include <string>
#include <utility>

namespace tabtrain {

/// The codes of the public `TabtrainError`. Their names cross the boundary, see `errorCodeName`.
enum class ErrorCode {
  InvalidArgument,
  ShapeMismatch,
  NotFound,
  CorruptFile,
  Unsupported,
  UnknownClass,
  OutOfMemory,
  Internal,
};

/// `InvalidArgument` -> "INVALID_ARGUMENT".
const char* errorCodeName(ErrorCode code);

/// The one exception type that crosses module borders. The sentence names the argument, what was
/// expected and what came.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  ErrorCode code_;
  std::string message_;
};

/// Throws; out of line, since there are many places that may.
[[noreturn]] void throwError(ErrorCode code, std::string message);

/// Throws `InvalidArgument` unless `condition`; the sentence is only built on failure.
template <typename MakeMessage>
void require(bool condition, MakeMessage&& makeMessage,
             ErrorCode code = ErrorCode::InvalidArgument) {
  if (!condition) throwError(code, makeMessage());
}

}  // namespace tabtrain
