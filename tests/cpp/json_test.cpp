#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/philox.h"
#include "json_printing.h"

namespace tabtrain {
namespace {

std::string rewritten(const std::string& text) { return Json::parse(text).dump(); }

TEST(Json, KeepsWhatItReads) {
  for (const char* text : {"null", "true", "false", "0", "-7", "1.5", "-0.0", "\"\"", "[]", "{}",
                           "[1,[2,{\"b\":null,\"a\":[]}],\"x\"]", "123456789012345678"}) {
    EXPECT_EQ(rewritten(text), text);
  }
  EXPECT_EQ(rewritten(" { \"a\" :\n[ 1 , 2 ] }\t"), "{\"a\":[1,2]}");
  EXPECT_EQ(rewritten("{\"a\":1,\"b\":2,\"a\":3}"), "{\"a\":3,\"b\":2}");
  EXPECT_EQ(Json::parse("12345678901234567890").get<double>(), 12345678901234567890.0);
}

TEST(Json, Strings) {
  EXPECT_EQ(Json::parse(R"("\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00")").get<std::string>(),
            "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(Json("a\"\\\n\x01\xC3\xA9").dump(), "\"a\\\"\\\\\\n\\u0001\xC3\xA9\"");
  EXPECT_EQ(pythonDumps("\xC3\xA9\xF0\x9F\x98\x80\x7F"), R"("\u00e9\ud83d\ude00\u007f")");
  // Half a surrogate, a cut sequence, an overlong one, a lone continuation.
  EXPECT_EQ(Json::parse(R"("\ud83d")").get<std::string>(), "\xEF\xBF\xBD");
  EXPECT_EQ(Json("\xF0\x9F\x98").dump(), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Json("\xC0\xAF").dump(), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Json::parse("\"\x80\"").get<std::string>(), "\xEF\xBF\xBD");
}

TEST(Json, NumbersReadBackAndAreShort) {
  const std::vector<std::pair<double, const char*>> cases = {
      {0.1, "0.1"},
      {0.001, "0.001"},
      {static_cast<double>(0.001f), "0.0010000000474974513"},
      {1e-7, "1e-07"},
      {0.0001, "0.0001"},
      {0.00001, "1e-05"},
      {1e15, "1000000000000000.0"},
      {1e16, "1e+16"},
      {123456.75, "123456.75"},
      {9.5, "9.5"},
      {999.9999999999999, "999.9999999999999"},
      {5e-324, "5e-324"},
      {std::numeric_limits<double>::max(), "1.7976931348623157e+308"},
      {std::numeric_limits<double>::min(), "2.2250738585072014e-308"},
      {-2.5, "-2.5"},
  };
  for (const auto& [number, text] : cases) EXPECT_EQ(Json(number).dump(), text);
  EXPECT_EQ(Json(std::nan("")).dump(), "null");
  PhiloxStream random(streamKey(3, "json"), 0);
  for (uint64_t i = 0; i < 20000; ++i) {
    const auto block = random.block(i);
    const auto number = std::bit_cast<double>(static_cast<uint64_t>(block[0]) << 32 |
                                              static_cast<uint64_t>(block[1]));
    if (!std::isfinite(number)) continue;
    EXPECT_EQ(Json::parse(Json(number).dump()).get<double>(), number);
  }
}

TEST(Json, RefusesWhatIsNone) {
  for (const char* text :
       {"",   " ",       "nul",       "01",     "1.",      ".5",       "-",     "+1",
        "1e", "[1,]",    "[",         "[1",     "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}",
        "\"", "\"\\x\"", "\"\\u12\"", "\"\n\"", "1 2",     "NaN",      "1e999"}) {
    EXPECT_THROW(Json::parse(text), Error) << text;
  }
  EXPECT_THROW(Json::parse(std::string(100000, '[')), Error);
  EXPECT_NO_THROW(Json::parse(std::string(150, '[') + std::string(150, ']')));
}

TEST(Json, ObjectsAndArrays) {
  Json json = {{"b", 1}, {"a", {1, 2.5, "x"}}};
  EXPECT_EQ(json.dump(), R"({"b":1,"a":[1,2.5,"x"]})");
  json["c"]["d"] = nullptr;
  json.update({{"b", true}});
  EXPECT_EQ(pythonDumps(json), R"({"b": true, "a": [1, 2.5, "x"], "c": {"d": null}})");
  json.erase("a");
  EXPECT_FALSE(json.contains("a"));
  EXPECT_EQ(json, (Json{{"c", {{"d", nullptr}}}, {"b", true}}));
  EXPECT_EQ(Json(1), Json(1.0));
  EXPECT_FALSE(Json(1) == Json(true));
  EXPECT_THROW(json["b"].get<double>(), Error);
  EXPECT_THROW(std::as_const(json)["x"], Error);
}

}  // namespace
}  // namespace tabtrain
