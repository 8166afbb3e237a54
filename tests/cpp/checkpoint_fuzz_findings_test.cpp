// Runs the fuzz target over everything that once failed there (tests/fuzz/findings).

#include <gtest/gtest.h>

#include <filesystem>

#include "../fuzz/checkpoint_fuzz_target.h"
#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

TEST(CheckpointFuzz, FindingsStayFixed) {
  size_t count = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(std::string(TABTRAIN_TESTS_DIR) + "/fuzz/findings")) {
    SCOPED_TRACE(file.path().filename().string());
    fuzz::runCheckpointInput(
        testing::readTestFile("fuzz/findings/" + file.path().filename().string()));
    ++count;
  }
  EXPECT_GE(count, 1u);
}

}  // namespace
}  // namespace tabtrain
