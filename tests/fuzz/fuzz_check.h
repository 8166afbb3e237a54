#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>

#include "base/error.h"
#include "base/variable.h"

namespace tabtrain::fuzz {

inline void check(bool condition, std::string_view what) {
  if (condition) return;
  std::cerr << "fuzz: " << what << '\n';
  std::abort();
}

/// Nothing but an `Error` that says something about the input may leave `run`; whether none did.
template <typename Run>
bool attempt(Run&& run) {
  try {
    run();
    return true;
  } catch (const Error& error) {
    check(error.what()[0] != '\0', "an error without a sentence");
    check(error.code() != ErrorCode::Internal, std::string("an internal error: ") + error.what());
    return false;
  }
}

/// A limit on tensors as long as it lives, which must leave as much memory as there was.
class MemoryBound {
 public:
  explicit MemoryBound(size_t bytes)
      : before_(AlignedBuffer::liveBytes()), most_(AlignedBuffer::maxBytes()) {
    AlignedBuffer::setMaxBytes(before_ + bytes);
  }
  ~MemoryBound() {
    AlignedBuffer::setMaxBytes(most_);
    check(AlignedBuffer::liveBytes() == before_, "memory stays behind");
  }
  MemoryBound(const MemoryBound&) = delete;
  MemoryBound& operator=(const MemoryBound&) = delete;

 private:
  size_t before_;
  size_t most_;
};

}  // namespace tabtrain::fuzz
