// Small checkpoints, cut off at every byte and with every bit flipped.

#include <gtest/gtest.h>

#include "checkpoint/keras_checkpoint.h"
#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

enum class Outcome { Refused, SameValues, OtherValues };

class CheckpointDamage : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    wanted_ = testing::miniModel(pool_);
    const bool isNew = GetParam() == "new";
    wanted_.optimizer =
        testing::miniAdam(pool_, isNew ? OptimizerGeneration::New : OptimizerGeneration::Legacy);
    wanted_ = testing::withoutValues(wanted_);
    files_ = testing::readTestBundle("cpp/data/mini/" + GetParam());
    expected_ = load(files_.index, files_.data);
  }

  /// The weights and optimizer values that a model would take from the files, as one file again.
  Bytes load(ByteSpan index, ByteSpan data) const {
    const Bundle bundle(index, {data});
    const ModelState state = testing::restoredState(wanted_, matchCheckpoint(bundle, wanted_));
    return writeCheckpoint(state).data;
  }

  Outcome outcome(ByteSpan index, ByteSpan data) const {
    try {
      return load(index, data) == expected_ ? Outcome::SameValues : Outcome::OtherValues;
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::CorruptFile || error.code() == ErrorCode::Unsupported)
          << errorCodeName(error.code()) << ": " << error.what();
      return Outcome::Refused;
    }
  }

  testing::TensorPool pool_;
  ModelState wanted_;
  BundleFiles files_;
  Bytes expected_;
};

TEST_P(CheckpointDamage, EveryTruncationIsRefused) {
  for (size_t size = 0; size < files_.index.size(); ++size) {
    EXPECT_EQ(outcome(ByteSpan(files_.index).first(size), files_.data), Outcome::Refused) << size;
  }
  for (size_t size = 0; size < files_.data.size(); ++size) {
    EXPECT_EQ(outcome(files_.index, ByteSpan(files_.data).first(size)), Outcome::Refused) << size;
  }
}

// No byte of either file is without cover: blocks and tensors have checksums; the footer's handles
// must lead to whole blocks and have their shortest form, its padding is zero, its magic is known.
TEST_P(CheckpointDamage, EveryFlippedBitIsRefused) {
  for (Bytes* file : {&files_.index, &files_.data}) {
    for (size_t bit = 0; bit < file->size() * 8; ++bit) {
      const std::byte mask{static_cast<uint8_t>(1u << (bit % 8))};
      (*file)[bit / 8] ^= mask;
      EXPECT_EQ(outcome(files_.index, files_.data), Outcome::Refused)
          << (file == &files_.index ? "index" : "data") << " byte " << bit / 8 << " bit "
          << bit % 8;
      (*file)[bit / 8] ^= mask;
    }
  }
}

TEST_P(CheckpointDamage, BytesBehindTheTensorsDoNotMatter) {
  files_.data.push_back(std::byte{1});
  EXPECT_EQ(outcome(files_.index, files_.data), Outcome::SameValues);
}

INSTANTIATE_TEST_SUITE_P(All, CheckpointDamage, ::testing::Values("legacy", "new"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace tabtrain
