#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "json_mutator.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

namespace tabtrain::fuzz {

/// A change of an input that is u8 mode and JSON: of bytes, or of whole values.
template <size_t kCount>
size_t mutateInput(uint8_t* data, size_t size, size_t most, unsigned seed,
                   const char* const (&words)[kCount]) {
  // One in four, since most changes of bytes end in the parser.
  if (size < 2 || seed % 4 == 0) return LLVMFuzzerMutate(data, size, most);
  std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  unsigned draw = seed / 4;
  do {
    text = mutateJson(std::move(text), draw, words);
    draw = draw * 1664525u + 1013904223u;
  } while (draw % 4 == 0);
  if (text.size() + 1 > most) return LLVMFuzzerMutate(data, size, most);
  if (draw % 16 == 1) data[0] = static_cast<uint8_t>(draw >> 8 & 3);
  std::memcpy(data + 1, text.data(), text.size());
  return text.size() + 1;
}

}  // namespace tabtrain::fuzz
