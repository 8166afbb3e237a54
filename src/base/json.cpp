#include "base/json.h"

#include <algorithm>

#include "base/error.h"
#include "base/json_text.h"

namespace tabtrain {

void Json::misuse() {
  throw Error(ErrorCode::Internal, "json: a value is not of the type that was asked for");
}

Json::Json() = default;
Json::~Json() = default;
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::Json(bool value) : value_(value) {}
Json::Json(int64_t value) : value_(value) {}
Json::Json(double value) : value_(value) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(std::string_view value) : value_(std::string(value)) {}
Json::Json(const char* value) : value_(std::string(value)) {}

Json::Json(std::initializer_list<Json> list) {
  const bool isObject = std::all_of(list.begin(), list.end(), [](const Json& each) {
    return each.is_array() && each.size() == 2 && each.front().is_string();
  });
  if (!isObject) {
    value_ = Array(list);
    return;
  }
  Object members;
  for (const Json& each : list) members.emplace_back(each[0].as<std::string>(), each[1]);
  value_ = std::move(members);
}

Json Json::array(std::initializer_list<Json> list) {
  Json json;
  json.value_ = Array(list);
  return json;
}

Json Json::object() {
  Json json;
  json.value_ = Object();
  return json;
}

size_t Json::size() const {
  if (is_array()) return as<Array>().size();
  if (is_object()) return as<Object>().size();
  return is_null() ? 0 : 1;
}

const Json& Json::at(size_t index) const {
  const Array& items = as<Array>();
  if (index >= items.size()) misuse();
  return items[index];
}

void Json::push_back(Json item) {
  if (is_null()) value_ = Array();
  as<Array>().push_back(std::move(item));
}

void Json::erase(size_t index) {
  at(index);
  Array& items = as<Array>();
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(index));
}

void Json::erase(std::string_view key) {
  std::erase_if(as<Object>(), [&](const Member& member) { return member.first == key; });
}

const Json::Object& Json::items() const {
  static const Object kNone;
  return is_null() ? kNone : as<Object>();
}

const Json* Json::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  for (const auto& [name, value] : items()) {
    if (name == key) return &value;
  }
  return nullptr;
}

const Json& Json::at(std::string_view key) const {
  const Json* found = find(key);
  if (found == nullptr) misuse();
  return *found;
}

Json& Json::operator[](std::string_view key) {
  if (is_null()) value_ = Object();
  if (const Json* found = find(key)) return const_cast<Json&>(*found);
  Object& members = as<Object>();
  return members.emplace_back(key, Json()).second;
}

void Json::update(const Json& other) {
  for (const auto& [key, value] : other.items()) (*this)[key] = value;
}

bool Json::operator==(const Json& other) const {
  if (is_number() && other.is_number()) return get<double>() == other.get<double>();
  if (value_.index() != other.value_.index()) return false;
  if (is_array()) return std::equal(begin(), end(), other.begin(), other.end());
  if (is_string()) return as<std::string>() == other.as<std::string>();
  if (is_boolean()) return as<bool>() == other.as<bool>();
  if (is_null()) return true;
  // The order of keys means nothing.
  return size() == other.size() &&
         std::all_of(items().begin(), items().end(), [&](const Member& member) {
           const Json* found = other.find(member.first);
           return found != nullptr && *found == member.second;
         });
}

Json Json::parse(std::string_view text) { return JsonParser(text).parse(); }

namespace {

void write(std::string& out, const Json& json, bool asPython) {
  const char* const comma = asPython ? ", " : ",";
  if (json.is_object()) {
    out += '{';
    for (const auto& [key, value] : json.items()) {
      if (out.back() != '{') out += comma;
      writeJsonString(out, key, asPython);
      out += asPython ? ": " : ":";
      write(out, value, asPython);
    }
    out += '}';
  } else if (json.is_array()) {
    out += '[';
    bool isFirst = true;
    for (const Json& each : json) {
      if (!isFirst) out += comma;
      isFirst = false;
      write(out, each, asPython);
    }
    out += ']';
  } else if (json.is_string()) {
    writeJsonString(out, json.get<std::string>(), asPython);
  } else if (json.is_boolean()) {
    out += json.get<bool>() ? "true" : "false";
  } else if (json.is_number_integer()) {
    out += std::to_string(json.get<int64_t>());
  } else if (json.is_number()) {
    writeJsonNumber(out, json.get<double>());
  } else {
    out += "null";
  }
}

}  // namespace

std::string Json::dump() const {
  std::string out;
  write(out, *this, false);
  return out;
}

std::string pythonDumps(const Json& json) {
  std::string out;
  write(out, json, true);
  return out;
}

}  // namespace tabtrain
