// Runs each fuzz target over everything that once failed there (tests/fuzz/findings/TARGET).

#include <gtest/gtest.h>

#include <filesystem>

#include "../fuzz/checkpoint_fuzz_target.h"
#include "../fuzz/replay_fuzz_target.h"
#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

void runFindings(const std::string& target, void (*run)(ByteSpan input)) {
  const std::string directory = "fuzz/findings/" + target;
  size_t count = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(TABTRAIN_TESTS_DIR) + "/" + directory)) {
    SCOPED_TRACE(file.path().filename().string());
    run(testing::readTestFile(directory + "/" + file.path().filename().string()));
    ++count;
  }
  EXPECT_GE(count, 1u);
}

TEST(FuzzFindings, OfTheCheckpointReaderStayFixed) {
  runFindings("checkpoint_fuzzer", fuzz::runCheckpointInput);
}

TEST(FuzzFindings, OfTheConfigReaderStayFixed) {
  runFindings("config_fuzzer", fuzz::runConfigInput);
}

TEST(FuzzFindings, OfRecordingsStayFixed) { runFindings("replay_fuzzer", fuzz::runReplayInput); }

}  // namespace
}  // namespace tabtrain
