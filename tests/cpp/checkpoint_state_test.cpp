#include "checkpoint/checkpoint_state.h"

#include <gtest/gtest.h>

#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

TEST(CheckpointStateFile, IsWhatSaveWeightsWrites) {
  EXPECT_EQ(checkpointStateText("cp-0050.ckpt"),
            "model_checkpoint_path: \"cp-0050.ckpt\"\n"
            "all_model_checkpoint_paths: \"cp-0050.ckpt\"\n");
}

// The texts are TensorFlow 2.8.4's.
TEST(CheckpointStateFile, EscapesAsTensorFlow) {
  const std::string name = "na\xc3\xafve \"q\" \\ it's\ttab\x01\x7f";
  const std::string text = checkpointStateText(name);
  EXPECT_EQ(text.substr(0, text.find('\n')),
            R"(model_checkpoint_path: "na\303\257ve \"q\" \\ it\'s\ttab\001\177")");
  EXPECT_EQ(latestCheckpointPath(text), name);
  EXPECT_EQ(latestCheckpointPath(checkpointStateText("a\nb")), "a\nb");
}

// TensorFlow 2.21 leaves UTF-8 as it is.
TEST(CheckpointStateFile, ReadsPlainUtf8) {
  EXPECT_EQ(latestCheckpointPath("model_checkpoint_path: \"\xe6\x97\xa5\xe6\x9c\xac\"\n"),
            "\xe6\x97\xa5\xe6\x9c\xac");
}

TEST(CheckpointStateFile, KeepsAManagersFileByteForByte) {
  const std::string text =
      "model_checkpoint_path: \"ckpt-3\"\n"
      "all_model_checkpoint_paths: \"ckpt-2\"\n"
      "all_model_checkpoint_paths: \"ckpt-3\"\n"
      "all_model_checkpoint_timestamps: 1700000000.123456\n"
      "all_model_checkpoint_timestamps: 3.0\n"
      "last_preserved_timestamp: 1e-05\n";
  const auto state = parseCheckpointState(text);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->newest, "ckpt-3");
  EXPECT_EQ(state->all, (std::vector<std::string>{"ckpt-2", "ckpt-3"}));
  EXPECT_EQ(formatCheckpointState(*state), text);
  const Bytes real =
      testing::readTestFile("golden/checkpoints/tf2.8/legacy-adam-manager/checkpoint");
  const auto realState = parseCheckpointState(asText(real));
  ASSERT_TRUE(realState);
  EXPECT_EQ(formatCheckpointState(*realState), asText(real));
}

TEST(CheckpointStateFile, ReadsAllOfTheTextFormat) {
  EXPECT_EQ(latestCheckpointPath("# a comment\nmodel_checkpoint_path:'it' \"s\" # more\n"), "its");
  EXPECT_EQ(
      latestCheckpointPath("model_checkpoint_path: \"a\"; all_model_checkpoint_paths: \"b\","),
      "a");
  EXPECT_EQ(latestCheckpointPath(R"(model_checkpoint_path: "\x41\101\7\a\?")"), "AA\a\a?");
  EXPECT_EQ(latestCheckpointPath(""), "");
}

TEST(CheckpointStateFile, MalformedTextHasNoLatestCheckpoint) {
  for (const std::string text :
       {"model_checkpoint_path", "model_checkpoint_path:", "model_checkpoint_path: cp",
        "model_checkpoint_path: \"cp", "model_checkpoint_path: \"c\np\"",
        "model_checkpoint_path: \"cp\\", "model_checkpoint_path: \"\\q\"",
        "model_checkpoint_path: \"\\777\"", "model_checkpoint_path: \"\\x\"",
        "model_checkpoint_path: \"\\377\"", "unknown: 1",
        "model_checkpoint_path: \"a\" last_preserved_timestamp: no",
        "model_checkpoint_path: \"a\" model_checkpoint_path: \"b\"", "\x01\x02", "{}"}) {
    EXPECT_FALSE(parseCheckpointState(text)) << text;
    EXPECT_EQ(latestCheckpointPath(text), "") << text;
  }
}

TEST(CheckpointStateFile, PathsAreRelativeToTheDirectory) {
  EXPECT_EQ(resolveCheckpointPath("training_1", "cp.ckpt"), "training_1/cp.ckpt");
  EXPECT_EQ(resolveCheckpointPath("training_1/", "cp.ckpt"), "training_1/cp.ckpt");
  EXPECT_EQ(resolveCheckpointPath("", "cp.ckpt"), "cp.ckpt");
  EXPECT_EQ(resolveCheckpointPath("training_1", "/data/cp.ckpt"), "/data/cp.ckpt");
}

}  // namespace
}  // namespace tabtrain
