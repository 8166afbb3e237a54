// What the reader of configs takes, and the sentence in which it refuses.
#include "base/config_reader.h"

#include <gtest/gtest.h>

#include "base/class_registry.h"
#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

using testing::codeOf;

/// Reads with a reader of this config of class "Dense".
template <typename Read>
auto reading(const Json& config, Read read) {
  ConfigReader reader("Dense", config);
  return read(reader);
}

/// The sentence of the InvalidArgument that `read` throws.
template <typename Read>
std::string refusal(const Json& config, Read read,
                    ErrorCode expected = ErrorCode::InvalidArgument) {
  std::string message;
  EXPECT_EQ(codeOf([&] { reading(config, read); }, &message), expected);
  return message;
}

TEST(ConfigReader, ReadsIntegers) {
  const auto read = [](ConfigReader& r) { return r.integer("units", 7, 1, 100); };
  EXPECT_EQ(reading({{"units", 3}}, read), 3);
  EXPECT_EQ(reading({{"units", 3.0}}, read), 3) << "JavaScript has one kind of number";
  EXPECT_EQ(reading(Json::object(), read), 7);
  const std::string expected = "Dense: units: expected an integer between 1 and 100, got ";
  EXPECT_EQ(refusal({{"units", 0}}, read), expected + "0");
  EXPECT_EQ(refusal({{"units", 101}}, read), expected + "101");
  EXPECT_EQ(refusal({{"units", 2.5}}, read), expected + "2.5");
  EXPECT_EQ(refusal({{"units", "3"}}, read), expected + "\"3\"");
  EXPECT_EQ(refusal({{"units", nullptr}}, read), expected + "null");
  EXPECT_EQ(refusal({{"units", true}}, read), expected + "true");
  const auto required = [](ConfigReader& r) { return r.integer("units", std::nullopt, 1); };
  EXPECT_EQ(refusal(Json::object(), required),
            "Dense: units: expected an integer of at least 1, got nothing");
  EXPECT_EQ(refusal({{"units", 1e300}}, required),
            "Dense: units: expected an integer of at least 1, got 1e+300");
}

TEST(ConfigReader, ReadsNumbers) {
  const auto rate = [](ConfigReader& r) { return r.number("rate", 0.5, 0.0, 1.0); };
  EXPECT_EQ(reading({{"rate", 0.25}}, rate), 0.25);
  EXPECT_EQ(reading({{"rate", 1}}, rate), 1.0);
  EXPECT_EQ(reading(Json::object(), rate), 0.5);
  EXPECT_EQ(refusal({{"rate", 1.5}}, rate),
            "Dense: rate: expected a number between 0 and 1, got 1.5");
  EXPECT_EQ(refusal({{"rate", "half"}}, rate),
            "Dense: rate: expected a number between 0 and 1, got \"half\"");
  const auto NaN = Json(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(refusal({{"rate", NaN}}, rate),
            "Dense: rate: expected a number between 0 and 1, got null");
  const auto any = [](ConfigReader& r) { return r.number("value", std::nullopt); };
  EXPECT_EQ(reading({{"value", -1e30}}, any), -1e30);
  EXPECT_EQ(refusal(Json::object(), any), "Dense: value: expected a number, got nothing");
}

TEST(ConfigReader, ReadsBooleansAndStrings) {
  const auto flag = [](ConfigReader& r) { return r.boolean("use_bias", true); };
  EXPECT_FALSE(reading({{"use_bias", false}}, flag));
  EXPECT_TRUE(reading(Json::object(), flag));
  EXPECT_EQ(refusal({{"use_bias", 1}}, flag), "Dense: use_bias: expected true or false, got 1");
  const auto name = [](ConfigReader& r) { return r.string("name", "dense"); };
  EXPECT_EQ(reading({{"name", "a"}}, name), "a");
  EXPECT_EQ(reading({{"name", nullptr}}, name), "dense");
  EXPECT_EQ(reading(Json::object(), name), "dense");
  EXPECT_EQ(refusal({{"name", 3}}, name), "Dense: name: expected a string, got 3");
}

TEST(ConfigReader, GivesAnyValueAsItIs) {
  const auto any = [](ConfigReader& r) { return r.any("axis"); };
  EXPECT_EQ(reading({{"axis", {1, 2}}}, any), Json({1, 2}));
  EXPECT_EQ(reading(Json::object(), any), Json());
}

TEST(ConfigReader, RefusesOptionsThatThisVersionLacks) {
  const auto read = [](ConfigReader& r) {
    r.unsupported("sparse", false);
    return 0;
  };
  EXPECT_EQ(reading({{"sparse", false}}, read), 0);
  EXPECT_EQ(reading({{"sparse", nullptr}}, read), 0);
  EXPECT_EQ(reading(Json::object(), read), 0);
  EXPECT_EQ(refusal({{"sparse", true}}, read, ErrorCode::Unsupported),
            "Dense: sparse: this version supports only false, got true");
}

TEST(ConfigReader, RefusesArgumentsThatNobodyReads) {
  const auto read = [](ConfigReader& r) {
    r.integer("units", 1, 1);
    r.string("name", "");
    r.finish();
    return 0;
  };
  EXPECT_EQ(reading({{"name", "a"}}, read), 0);
  EXPECT_EQ(refusal({{"unit", 3}}, read),
            "Dense: expected only the arguments name, units; got unknown argument \"unit\"");
}

TEST(ConfigReader, ShortensWhatCame) {
  const auto read = [](ConfigReader& r) { return r.boolean("flag", true); };
  EXPECT_LT(refusal({{"flag", std::string(10000, 'x')}}, read).size(), 200u);
}

TEST(ClassConfig, IsANameOrAnObject) {
  EXPECT_EQ(parseClassConfig("relu", "x").className, "relu");
  EXPECT_EQ(parseClassConfig("relu", "x").config, Json::object());
  const ClassConfig config =
      parseClassConfig({{"class_name", "Dense"}, {"config", {{"units", 3}}}}, "x");
  EXPECT_EQ(config.className, "Dense");
  EXPECT_EQ(config.config, Json({{"units", 3}}));
  EXPECT_EQ(parseClassConfig({{"class_name", "Zeros"}, {"config", nullptr}}, "x").config,
            Json::object());
  EXPECT_EQ(config.toJson(), Json({{"class_name", "Dense"}, {"config", {{"units", 3}}}}));

  const auto refused = [](const Json& json) {
    std::string message;
    EXPECT_EQ(codeOf([&] { parseClassConfig(json, "loss"); }, &message),
              ErrorCode::InvalidArgument);
    return message;
  };
  EXPECT_EQ(refused(3),
            "loss: expected a name or an object with \"class_name\" and \"config\", got 3");
  EXPECT_EQ(refused({{"class_name", 1}}),
            "loss: expected a name or an object with \"class_name\" and \"config\", got "
            "{\"class_name\":1}");
  EXPECT_EQ(refused({{"class_name", "A"}, {"config", 4}}),
            "loss: expected \"config\" of A to be an object, got 4");
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  EXPECT_EQ(parseJson("[1]", "config"), Json::array({1}));
  std::string message;
  EXPECT_EQ(codeOf([] { parseJson("[1", "config"); }, &message), ErrorCode::InvalidArgument);
  EXPECT_EQ(message, "config: expected JSON (at byte 2)");
}

struct Thing {
  int64_t size;
};

TEST(ClassRegistry, MakesByNameAndAliasAndNamesWhatItKnows) {
  const ClassRow<Thing> rows[] = {
      {"Small",
       {"small", "tiny"},
       [](ConfigReader& r) { return std::make_unique<Thing>(r.integer("size", 1, 0)); }},
      {"Large", {}, [](ConfigReader&) { return std::make_unique<Thing>(9); }},
  };
  const auto makeThing = [&](const std::string& name, Json config = Json::object()) {
    return makeFromConfig<Thing>(rows, {name, std::move(config)}, "thing")->size;
  };
  EXPECT_EQ(makeThing("Small", {{"size", 4}}), 4);
  EXPECT_EQ(makeThing("tiny"), 1);
  EXPECT_EQ(makeThing("Large"), 9);
  std::string message;
  EXPECT_EQ(codeOf([&] { makeThing("Medium"); }, &message), ErrorCode::UnknownClass);
  EXPECT_EQ(message, "thing: expected one of Small, Large; got unknown \"Medium\"");
  EXPECT_EQ(codeOf(
                [&] {
                  makeThing("Large", {{"size", 4}});
                },
                &message),
            ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace tabtrain
