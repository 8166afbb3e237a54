// Learning rate schedules against real Keras: tests/golden/schedules.json.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "checkpoint_fixtures.h"
#include "golden.h"
#include "graph_runner.h"
#include "optimizers/schedule.h"

namespace tabtrain::testing {
namespace {

class ScheduleGolden : public ::testing::TestWithParam<GoldenCase> {};

TEST_P(ScheduleGolden, EqualsKeras) {
  const Json& golden = GetParam().json;
  const Schedule schedule(golden["schedule"]);
  EXPECT_EQ(schedule.toJson(), golden["schedule"]);
  Variable iterations("iteration", "iteration", DType::Int64, {}, false);
  GraphRunner runner;
  const Expr rate = schedule.rate(toFloat(runner.graph().read(iterations)));
  ASSERT_FALSE(golden["steps"].empty());
  for (size_t i = 0; i < golden["steps"].size(); ++i) {
    iterations.int64() = golden["steps"][i].get<int64_t>();
    const double expected = goldenNumber(golden["rates"][i]);
    // Keras's cosine is a difference from 1 near its end, where ours is exact.
    EXPECT_TRUE(isClose(runner.run({rate})[0][0], expected, {2e-6, 1e-8}))
        << "step " << iterations.int64() << ": " << runner.run({rate})[0][0] << ", expected "
        << expected;
  }
}

INSTANTIATE_TEST_SUITE_P(Schedules, ScheduleGolden,
                         ::testing::ValuesIn(goldenCases("schedules.json")), caseName);

TEST(Schedules, AllHaveGoldenCases) {
  std::set<std::string> seen;
  for (const GoldenCase& golden : goldenCases("schedules.json")) {
    seen.insert(golden.json["schedule"]["class_name"].get<std::string>());
  }
  const std::vector<std::string> names = scheduleNames();
  EXPECT_EQ(seen, std::set<std::string>(names.begin(), names.end()));
}

Json exponential(Json config) {
  return {{"class_name", "ExponentialDecay"}, {"config", std::move(config)}};
}

TEST(Schedules, AreRefusedInASentence) {
  std::string message;
  EXPECT_EQ(codeOf(
                [] {
                  Schedule(Json{{"class_name", "LinearDecay"}});
                },
                &message),
            ErrorCode::UnknownClass);
  EXPECT_NE(message.find("ExponentialDecay, PiecewiseConstantDecay"), std::string::npos);
  EXPECT_NE(message.find("LinearDecay"), std::string::npos);
  EXPECT_EQ(codeOf(
                [] {
                  Schedule(exponential({{"initial_learning_rate", 0.1}}));
                },
                &message),
            ErrorCode::InvalidArgument);
  EXPECT_EQ(message, "ExponentialDecay: decay_steps: expected a number of at least 1, got nothing");
  EXPECT_EQ(codeOf([] {
              Schedule(exponential({{"initial_learning_rate", 0.1},
                                    {"decay_steps", 10},
                                    {"decay_rate", 0.5},
                                    {"power", 2}}));
            }),
            ErrorCode::InvalidArgument);
  const auto piecewise = [](Json boundaries, Json values) {
    return codeOf([&] {
      const Json config = {{"boundaries", boundaries}, {"values", values}};
      Schedule(ClassConfig{"PiecewiseConstantDecay", config}.toJson());
    });
  };
  const Json one = Json::array({1});
  const Json two = Json::array({1, 2});
  const Json three = Json::array({1, 2, 3});
  EXPECT_EQ(piecewise(one, one), ErrorCode::InvalidArgument);
  EXPECT_EQ(piecewise(Json::array({2, 1}), three), ErrorCode::InvalidArgument);
  EXPECT_EQ(piecewise(Json::array({"a"}), two), ErrorCode::InvalidArgument);
  EXPECT_EQ(piecewise(nullptr, two), ErrorCode::InvalidArgument);
  EXPECT_EQ(piecewise(Json::array(), one), ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace tabtrain::testing
