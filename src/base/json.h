#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tabtrain {

/// A JSON value. Of our own, since configs need little and the download is counted: the library
/// that offers the rest is 15 kB larger. Objects keep the order of their keys, so that what we
/// write stays readable beside what Keras writes, and are searched from the front: configs are
/// small.
///
/// Access to a value of another type is a mistake here, `Error` Internal: types are looked at
/// first.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  // Not inline, copies and destructors least of all: they are everywhere, and the download is
  // counted.
  Json();
  ~Json();
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  Json(std::nullptr_t) : Json() {}
  Json(bool value);
  Json(int64_t value);
  Json(double value);
  template <std::integral Number>
  Json(Number value) : Json(static_cast<int64_t>(value)) {}
  template <std::floating_point Number>
  Json(Number value) : Json(static_cast<double>(value)) {}
  Json(std::string value);
  Json(std::string_view value);
  Json(const char* value);
  template <typename Item>
  Json(const std::vector<Item>& items) : value_(Array(items.begin(), items.end())) {}
  /// An object where every element is a pair that begins with a string, else an array.
  Json(std::initializer_list<Json> list);

  static Json array(std::initializer_list<Json> list = {});
  static Json object();
  /// Throws InvalidArgument for anything but one JSON value, or one nested too deep.
  static Json parse(std::string_view text);

  bool is_null() const { return value_.index() == 0; }
  bool is_boolean() const { return is<bool>(); }
  bool is_number_integer() const { return is<int64_t>(); }
  bool is_number() const { return is<int64_t>() || is<double>(); }
  bool is_string() const { return is<std::string>(); }
  bool is_array() const { return is<Array>(); }
  bool is_object() const { return is<Object>(); }

  /// Numbers convert to each other; an integer is an int64_t, and what is less wide is checked by
  /// who takes it.
  template <typename Type>
  Type get() const {
    static_assert(!std::integral<Type> || std::same_as<Type, bool> || std::same_as<Type, int64_t>);
    if constexpr (std::same_as<Type, bool>) {
      return as<bool>();
    } else if constexpr (std::is_arithmetic_v<Type>) {
      return is<int64_t>() ? static_cast<Type>(as<int64_t>()) : static_cast<Type>(as<double>());
    } else if constexpr (std::same_as<Type, std::string>) {
      return as<std::string>();
    } else {
      Type items;
      for (const Json& each : *this) items.push_back(each.get<typename Type::value_type>());
      return items;
    }
  }

  /// Of elements or members; of other values 0 for null and 1.
  size_t size() const;
  bool empty() const { return size() == 0; }

  // Of arrays; null is one without elements.
  const Json* begin() const { return is_null() ? nullptr : as<Array>().data(); }
  const Json* end() const { return is_null() ? nullptr : begin() + as<Array>().size(); }
  Json* begin() { return const_cast<Json*>(std::as_const(*this).begin()); }
  Json* end() { return const_cast<Json*>(std::as_const(*this).end()); }
  const Json& front() const { return at(size_t{0}); }
  const Json& back() const { return at(size() - 1); }
  const Json& at(size_t index) const;
  template <std::integral Index>
  const Json& operator[](Index index) const {
    return at(static_cast<size_t>(index));
  }
  template <std::integral Index>
  Json& operator[](Index index) {
    return const_cast<Json&>(at(static_cast<size_t>(index)));
  }
  /// Null becomes an array.
  void push_back(Json item);

  // Of objects; null is one without members.
  const Object& items() const;
  /// Null where there is no such key, or no object.
  const Json* find(std::string_view key) const;
  bool contains(std::string_view key) const { return find(key) != nullptr; }
  const Json& at(std::string_view key) const;
  const Json& operator[](const char* key) const { return at(std::string_view(key)); }
  const Json& operator[](const std::string& key) const { return at(std::string_view(key)); }
  /// Makes the member where there is none; null becomes an object.
  Json& operator[](std::string_view key);
  Json& operator[](const char* key) { return (*this)[std::string_view(key)]; }
  Json& operator[](const std::string& key) { return (*this)[std::string_view(key)]; }
  Json value(std::string_view key, const Json& fallback) const {
    const Json* found = find(key);
    return found == nullptr ? fallback : *found;
  }
  template <typename Type>
  requires std::is_arithmetic_v<Type> Type value(std::string_view key, Type fallback)
  const {
    const Json* found = find(key);
    return found == nullptr ? fallback : found->get<Type>();
  }
  std::string value(std::string_view key, const char* fallback) const {
    const Json* found = find(key);
    return found == nullptr ? fallback : found->get<std::string>();
  }
  /// Of objects a key, of arrays a place.
  void erase(std::string_view key);
  void erase(size_t index);
  /// Takes over the members of `other`, those of the same key in place.
  void update(const Json& other);

  /// Without spaces. Bytes that are not UTF-8 become U+FFFD; numbers that JSON lacks become null.
  std::string dump() const;

  bool operator==(const Json& other) const;

 private:
  template <typename Type>
  bool is() const {
    return std::holds_alternative<Type>(value_);
  }
  template <typename Type>
  const Type& as() const {
    const Type* value = std::get_if<Type>(&value_);
    if (value == nullptr) misuse();
    return *value;
  }
  template <typename Type>
  Type& as() {
    return const_cast<Type&>(std::as_const(*this).as<Type>());
  }
  [[noreturn]] static void misuse();

  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

/// The text that Python's `json.dumps` gives with its default separators.
std::string pythonDumps(const Json& json);

}  // namespace tabtrain
