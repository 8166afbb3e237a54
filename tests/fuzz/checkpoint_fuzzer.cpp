// libFuzzer over the checkpoint reader; README.md says how to run it.

#include "checkpoint_fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tabtrain::fuzz::runCheckpointInput(std::as_bytes(std::span(data, size)));
  return 0;
}
