#include "base/config_reader.h"

#include <cmath>

#include "base/error.h"

namespace tabtrain {
namespace {

const Json kNull = nullptr;

std::string range(double min, double max) {
  const bool hasMin = std::isfinite(min) && min > -9e18;
  const bool hasMax = std::isfinite(max) && max < 9e18;
  const auto text = [](double v) {
    return v == std::floor(v) ? std::to_string(static_cast<int64_t>(v)) : Json(v).dump();
  };
  if (hasMin && hasMax) return " between " + text(min) + " and " + text(max);
  if (hasMin) return " of at least " + text(min);
  return "";
}

}  // namespace

ClassConfig parseClassConfig(const Json& json, const std::string& what) {
  if (json.is_string()) return {json.get<std::string>(), Json::object()};
  require(json.is_object() && json.contains("class_name") && json["class_name"].is_string(), [&] {
    return what + ": expected a name or an object with \"class_name\" and \"config\", got " +
           json.dump().substr(0, 100);
  });
  ClassConfig result{json["class_name"].get<std::string>(), Json::object()};
  if (json.contains("config") && !json["config"].is_null()) {
    require(json["config"].is_object(), [&] {
      return what + ": expected \"config\" of " + result.className + " to be an object, got " +
             json["config"].dump().substr(0, 100);
    });
    result.config = json["config"];
  }
  return result;
}

Json parseJson(const std::string& text, const std::string& what) {
  try {
    return Json::parse(text);
  } catch (const Error& error) {
    throw Error(error.code(), what + ": " + error.what());
  }
}

ConfigReader::ConfigReader(std::string className, const Json& config)
    : className_(std::move(className)), config_(config) {
  require(config.is_object() || config.is_null(),
          [&] { return className_ + ": expected an object, got " + config.dump().substr(0, 100); });
}

const Json* ConfigReader::find(std::string_view key) {
  const std::string name(key);
  known_.insert(name);
  return config_.find(name);
}

void ConfigReader::fail(std::string_view key, std::string_view expected) const {
  const Json* value = config_.find(key);
  throw Error(ErrorCode::InvalidArgument,
              className_ + ": " + std::string(key) + ": expected " + std::string(expected) +
                  ", got " + (value == nullptr ? "nothing" : value->dump().substr(0, 100)));
}

int64_t ConfigReader::integer(std::string_view key, std::optional<int64_t> fallback, int64_t min,
                              int64_t max) {
  const Json* value = find(key);
  if (value == nullptr && fallback) return *fallback;
  const std::string expected =
      "an integer" + range(static_cast<double>(min), static_cast<double>(max));
  if (value == nullptr || !value->is_number()) fail(key, expected);
  const double number = value->get<double>();
  if (number != std::floor(number) || number < static_cast<double>(min) ||
      number > static_cast<double>(max) || std::abs(number) >= 0x1p53) {
    fail(key, expected);
  }
  return static_cast<int64_t>(number);
}

std::optional<int64_t> ConfigReader::optionalInteger(std::string_view key, int64_t min,
                                                     int64_t max) {
  if (any(key).is_null()) return std::nullopt;
  return integer(key, std::nullopt, min, max);
}

double ConfigReader::number(std::string_view key, std::optional<double> fallback, double min,
                            double max) {
  const Json* value = find(key);
  if (value == nullptr && fallback) return *fallback;
  if (value == nullptr || !value->is_number()) fail(key, "a number" + range(min, max));
  const double number = value->get<double>();
  if (!(number >= min && number <= max)) fail(key, "a number" + range(min, max));
  // It is computed with in float32, and could not be written again as what becomes of it there.
  if (std::abs(number) > std::numeric_limits<float>::max()) fail(key, "a number that float32 has");
  return number;
}

bool ConfigReader::boolean(std::string_view key, bool fallback) {
  const Json* value = find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) fail(key, "true or false");
  return value->get<bool>();
}

std::string ConfigReader::string(std::string_view key, std::string_view fallback) {
  const Json* value = find(key);
  if (value == nullptr || value->is_null()) return std::string(fallback);
  if (!value->is_string()) fail(key, "a string");
  return value->get<std::string>();
}

const Json& ConfigReader::any(std::string_view key) {
  const Json* value = find(key);
  return value == nullptr ? kNull : *value;
}

const Json& ConfigReader::list(std::string_view key) {
  const Json& value = any(key);
  if (!value.is_null() && !value.is_array()) fail(key, "a list");
  return value;
}

void ConfigReader::unsupported(std::string_view key, const Json& onlyValue) {
  const Json* value = find(key);
  if (value == nullptr || value->is_null() || *value == onlyValue) return;
  throw Error(ErrorCode::Unsupported, className_ + ": " + std::string(key) +
                                          ": this version supports only " + onlyValue.dump() +
                                          ", got " + value->dump().substr(0, 100));
}

void ConfigReader::finish() const {
  for (const auto& [key, value] : config_.items()) {
    if (known_.contains(key)) continue;
    std::string list;
    for (const auto& name : known_) list += (list.empty() ? "" : ", ") + name;
    throw Error(ErrorCode::InvalidArgument, className_ + ": expected only the arguments " + list +
                                                "; got unknown argument \"" + key + "\"");
  }
}

}  // namespace tabtrain
