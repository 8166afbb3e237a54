// A run that is left at any border and taken up by another model gives the bits of one that never
// stopped.
#include <gtest/gtest.h>

#include <cstring>

#include "model/model.h"

namespace tabtrain::testing {
namespace {

constexpr int64_t kRows = 23;
constexpr int64_t kBatch = 5;

const char* const kConfig =
    R"({"class_name": "Sequential", "config": {"layers": [
        {"class_name": "Dense", "config": {"units": 6, "activation": "relu", "batch_input_shape": [null, 4]}},
        {"class_name": "BatchNormalization", "config": {}},
        {"class_name": "Dropout", "config": {"rate": 0.3}},
        {"class_name": "GaussianNoise", "config": {"stddev": 0.1}},
        {"class_name": "Dense", "config": {"units": 3}}]}})";

std::shared_ptr<Model> newModel(uint64_t seed) {
  auto model = std::make_shared<Model>(kConfig, seed);
  model->compile(
      {{"optimizer", "adam"},
       {"loss",
        {{"class_name", "SparseCategoricalCrossentropy"}, {"config", {{"from_logits", true}}}}},
       {"metrics", {"accuracy"}}});
  return model;
}

StepData data() {
  auto x = std::make_shared<Tensor>(DType::Float32, std::vector<int64_t>{kRows, 4});
  auto* values = reinterpret_cast<float*>(x->bytes().data());
  for (int64_t i = 0; i < x->count(); ++i) values[i] = static_cast<float>(i * 37 % 11) / 11.0f;
  auto y = std::make_shared<Tensor>(DType::Uint8, std::vector<int64_t>{kRows});
  for (size_t i = 0; i < kRows; ++i) y->bytes()[i] = std::byte{static_cast<uint8_t>(i % 3)};
  return {x, y, nullptr};
}

std::vector<Bytes> stateOf(const FitRun& run) {
  std::vector<Bytes> state;
  for (const Variable* each : run.variables()) {
    state.emplace_back(each->bytes().begin(), each->bytes().end());
  }
  return state;
}

struct Fitting {
  std::shared_ptr<Model> model;
  std::shared_ptr<FitRun> fit;

  Fitting(uint64_t seed, Json options)
      : model(newModel(seed)), fit(model->fit(FitOptions(options), data(), std::nullopt)) {}

  /// Does up to `units` units of work; returns the logs of the epochs ended.
  std::vector<std::vector<double>> go(int64_t units) {
    std::vector<std::vector<double>> ended;
    for (int64_t i = 0; i < units; ++i) {
      const FitStep step = fit->next();
      if (step == FitStep::EpochEnd) ended.push_back(fit->logs());
      if (step == FitStep::TrainEnd) break;
    }
    return ended;
  }
};

constexpr int64_t kAll = 1000;

class Resume : public ::testing::TestWithParam<const char*> {};

TEST_P(Resume, GivesTheBitsOfAnUninterruptedRunFromEveryBorder) {
  Json options = parseJson(GetParam(), "options");
  options["batch_size"] = kBatch;
  options["epochs"] = 3;
  Fitting whole(1, options);
  const auto expectedLogs = whole.go(kAll);
  const auto expected = stateOf(*whole.fit);
  int resumed = 0;
  for (int64_t units = 0; units < 40; ++units) {
    Fitting first(1, options);
    auto logs = first.go(units);
    const FitStep next = first.fit->peek();
    if (next == FitStep::ValidationBatch || next == FitStep::ValidationEnd) continue;
    Json again = options;
    again["resume"] = parseJson(first.fit->place().dump(), "place");
    Fitting second(99, again);
    EXPECT_EQ(second.fit->peek(), next);
    const auto from = first.fit->variables();
    const auto to = second.fit->variables();
    ASSERT_EQ(from.size(), to.size());
    for (size_t i = 0; i < from.size(); ++i) {
      ASSERT_EQ(from[i]->path(), to[i]->path());
      std::memcpy(to[i]->data(), from[i]->data(), from[i]->bytes().size());
    }
    const auto rest = second.go(kAll);
    logs.insert(logs.end(), rest.begin(), rest.end());
    EXPECT_EQ(logs, expectedLogs) << "after " << units;
    EXPECT_EQ(stateOf(*second.fit), expected) << "after " << units;
    EXPECT_EQ(second.fit->place(), whole.fit->place()) << "after " << units;
    ++resumed;
  }
  EXPECT_GT(resumed, 15);
}

INSTANTIATE_TEST_SUITE_P(Options, Resume,
                         ::testing::Values("{}", R"({"shuffle": false})",
                                           R"({"validation_split": 0.3})",
                                           R"({"steps_per_epoch": 3})",
                                           R"({"steps_per_epoch": 7})"));

TEST(Resume, WithoutTheStateOfTheOptimizerGivesOtherBits) {
  const Json options = {{"batch_size", kBatch}, {"epochs", 3}};
  Fitting whole(1, options);
  whole.go(kAll);
  Fitting first(1, options);
  first.go(4);
  Json again = options;
  again["resume"] = first.fit->place();
  Fitting second(1, again);
  for (size_t i = 0; i < first.model->weights().size(); ++i) {
    const Variable& from = *first.model->weights()[i];
    std::memcpy(second.model->weights()[i]->data(), from.data(), from.bytes().size());
  }
  second.go(kAll);
  EXPECT_NE(stateOf(*second.fit), stateOf(*whole.fit));
}

TEST(Resume, GoesOnForMoreEpochsThanThereWereToBe) {
  Fitting whole(1, Json{{"batch_size", kBatch}, {"epochs", 3}});
  whole.go(kAll);
  Fitting first(1, Json{{"batch_size", kBatch}, {"epochs", 2}});
  while (first.fit->peek() != FitStep::TrainEnd) first.fit->next();
  Fitting second(1, Json{{"batch_size", kBatch}, {"epochs", 3}, {"resume", first.fit->place()}});
  for (size_t i = 0; i < first.fit->variables().size(); ++i) {
    const Variable& from = *first.fit->variables()[i];
    std::memcpy(second.fit->variables()[i]->data(), from.data(), from.bytes().size());
  }
  EXPECT_EQ(second.go(kAll).size(), 1u);
  EXPECT_EQ(stateOf(*second.fit), stateOf(*whole.fit));
}

TEST(Resume, RefusesAPlaceThatCannotBe) {
  Fitting run(1, Json{{"batch_size", kBatch}});
  run.go(2);
  const std::vector<std::pair<const char*, Json>> wrong = {
      {"next", 3},   {"next", 7},   {"next", "EpochBegin"}, {"epoch", -2},     {"batch_of_pass", 6},
      {"batch", -2}, {"seed", "1"}, {"pass", 1.5},          {"stopped", true}, {"shuffles", 1e60},
      {"other", 0}};
  for (const auto& [key, value] : wrong) {
    Json place = run.fit->place();
    place[key] = value;
    const auto model = newModel(7);
    EXPECT_THROW(model->fit(FitOptions(Json{{"batch_size", kBatch}, {"resume", place}}), data(),
                            std::nullopt),
                 Error)
        << key;
    EXPECT_EQ(model->seed(), 7u);
  }
}

}  // namespace
}  // namespace tabtrain::testing
