// libFuzzer over the config reader; README.md says how to run it.

#include "config_fuzz_target.h"
#include "json_fuzzer.h"

namespace {

constexpr const char* kWords[] = {
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1",
    "2",
    "0.5",
    "1e308",
    "1e999",
    "-0.0",
    "1e-45",
    "9007199254740993",
    "9223372036854775807",
    "4294967296",
    "1073741824",
    "\"\"",
    "[]",
    "{}",
    "[[]]",
    "[null,4]",
    "[null,2,2,2]",
    "\"__proto__\"",
    "\"\\ud800\"",
    "\"name\"",
    "\"config\"",
    "\"class_name\"",
    "\"layers\"",
    "\"recorded\"",
    "\"units\"",
    "\"axis\"",
    "\"trainable\"",
    "\"dtype\"",
    "\"batch_input_shape\"",
    "\"Dense\"",
    "\"Lambda\"",
    "\"Sequential\"",
    "\"InputLayer\"",
    "\"orthogonal\"",
    "\"softmax\"",
    "\"leaky_relu\"",
    "{\"class_name\":\"Reshape\",\"config\":{\"target_shape\":[-1]}}",
    "{\"class_name\":\"RepeatVector\",\"config\":{\"n\":1073741824}}",
    "{\"class_name\":\"Permute\",\"config\":{\"dims\":[2,1]}}",
    "{\"class_name\":\"Normalization\",\"config\":{\"axis\":-1}}",
    "{\"class_name\":\"M\",\"config\":{\"recorded\":{\"weights\":[],\"inference\":{\"nodes\":[],"
    "\"outputs\":[0]},\"training\":null}}}"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tabtrain::fuzz::runConfigInput(std::as_bytes(std::span(data, size)));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  return tabtrain::fuzz::mutateInput(data, size, most, seed, kWords);
}
