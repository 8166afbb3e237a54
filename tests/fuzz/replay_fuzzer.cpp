// libFuzzer over recordings; README.md says how to run it.

#include "json_fuzzer.h"
#include "replay_fuzz_target.h"

namespace {

constexpr const char* kWords[] = {
    "null",
    "true",
    "false",
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-2",
    "0.5",
    "1e308",
    "1e999",
    "1024",
    "4294967296",
    "1073741824",
    "9007199254740993",
    "9223372036854775807",
    "\"\"",
    "[]",
    "{}",
    "[0]",
    "[0,1]",
    "[1,0]",
    "[-1]",
    "[null,-1]",
    "[null,3]",
    "[2,3]",
    "[1073741824,1073741824]",
    "\"op\"",
    "\"in\"",
    "\"attrs\"",
    "\"shape\"",
    "\"axes\"",
    "\"perm\"",
    "\"depth\"",
    "\"gain\"",
    "\"kernel\"",
    "\"seen\"",
    "\"name\"",
    "\"outputs\"",
    "\"MatMul\"",
    "\"Reshape\"",
    "\"OneHot\"",
    "\"Softmax\"",
    "\"Transpose\"",
    "\"Assign\"",
    "\"Cast\"",
    "\"Pow\"",
    "\"SelectV2\"",
    "{\"op\":\"Reshape\",\"in\":[0],\"attrs\":{\"shape\":[null,3,1,1,1]}}",
    "{\"op\":\"OneHot\",\"in\":[0],\"attrs\":{\"depth\":4294967296}}",
    "{\"op\":\"Mul\",\"in\":[0,0]}",
    "{\"op\":\"MatMul\",\"in\":[0,1]}",
    "{\"op\":\"Weight\",\"attrs\":{\"name\":\"kernel\"}}",
    "{\"op\":\"RandomUniform\",\"attrs\":{\"shape\":[null,3]}}"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tabtrain::fuzz::runReplayInput(std::as_bytes(std::span(data, size)));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  return tabtrain::fuzz::mutateInput(data, size, most, seed, kWords);
}
