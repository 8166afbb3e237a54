#include "golden.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>

namespace tabtrain::testing {

std::vector<GoldenCase> goldenCases(const std::string& path) {
  const std::string full = std::string(TABTRAIN_TESTS_DIR) + "/golden/" + path;
  std::ifstream file(full);
  if (!file) throw std::runtime_error("no golden file " + full);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Json json = Json::parse(text);
  std::vector<GoldenCase> cases;
  for (const Json& golden : json.at("cases")) cases.push_back({golden});
  if (cases.empty()) throw std::runtime_error("no cases in " + full);
  return cases;
}

double goldenNumber(const Json& json) {
  if (json.is_number()) return json.get<double>();
  const auto text = json.get<std::string>();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  throw std::runtime_error("not a golden number: " + text);
}

Tensor goldenTensor(const Json& json) {
  Tensor tensor{json.at("shape").get<std::vector<int64_t>>(),
                dtypeFromName(json.at("dtype").get<std::string>()),
                {}};
  for (const Json& value : json.at("values")) tensor.values.push_back(goldenNumber(value));
  return tensor;
}

Json withoutNewerDefaults(Json object) {
  Json& config = object["config"];
  if (config.value("axis", Json()) == Json(-1)) config.erase("axis");
  if (config.contains("ignore_class") && config["ignore_class"].is_null()) {
    config.erase("ignore_class");
  }
  return object;
}

bool isClose(double actual, double expected, Tolerance tolerance) {
  if (std::isinf(expected)) return actual == expected;
  return std::abs(actual - expected) <=
         tolerance.relative * std::abs(expected) + tolerance.absolute;
}

void expectClose(std::span<const float> actual, const std::vector<double>& expected,
                 const std::string& what, Tolerance tolerance) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (size_t i = 0; i < expected.size(); ++i) {
    // The shortest decimal that reads back as the float32.
    if (isClose(actual[i], static_cast<float>(expected[i]), tolerance)) continue;
    FAIL() << what << "[" << i << "]: expected " << expected[i] << ", got " << actual[i];
  }
}

std::string caseName(const ::testing::TestParamInfo<GoldenCase>& info) {
  const Json& golden = info.param.json;
  std::string name = golden.at("name").get<std::string>();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  // A case on which the versions of Keras differ is there twice.
  if (golden.contains("keras") && golden["keras"].size() == 1) {
    for (char c : golden["keras"][0].get<std::string>()) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
    }
  }
  return name;
}

std::vector<GoldenCase> goldenTrajectories() {
  const std::string root = std::string(TABTRAIN_TESTS_DIR) + "/golden/trajectories";
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".json") continue;
    paths.push_back(std::filesystem::relative(entry.path(), root).string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<GoldenCase> cases;
  for (const std::string& path : paths) {
    for (GoldenCase& golden : goldenCases("trajectories/" + path)) {
      // Keras 2.8, which has one generation only, does not write it.
      golden.json["optimizer"]["config"]["is_legacy_optimizer"] = golden.json["legacy"];
      cases.push_back(golden);
    }
  }
  return cases;
}

}  // namespace tabtrain::testing
