#pragma once

#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/json.h"

namespace tabtrain {

/// A class name and its config: `{"class_name": "Dense", "config": {...}}`, Keras's way to describe
/// one layer, optimizer, loss ...
struct ClassConfig {
  std::string className;
  Json config = Json::object();

  Json toJson() const { return {{"class_name", className}, {"config", config}}; }
};

/// Accepts `"name"` and `{"class_name": ..., "config": ...}`; `what` names the argument in errors.
ClassConfig parseClassConfig(const Json& json, const std::string& what);

/// Parses text; throws InvalidArgument (`what` names it) where it is not JSON.
Json parseJson(const std::string& text, const std::string& what);

/// Reads the config of one class key by key, with types and ranges checked. Every getter throws
/// InvalidArgument in a sentence that names the class, the key, what was expected and what came.
/// `finish` rejects the keys that nobody asked for.
class ConfigReader {
 public:
  /// Throws InvalidArgument for a config that is neither an object nor null.
  ConfigReader(std::string className, const Json& config);

  const std::string& className() const { return className_; }

  int64_t integer(std::string_view key, std::optional<int64_t> fallback, int64_t min,
                  int64_t max = std::numeric_limits<int64_t>::max());
  /// Nothing where the key is absent or null.
  std::optional<int64_t> optionalInteger(std::string_view key, int64_t min, int64_t max);
  double number(std::string_view key, std::optional<double> fallback,
                double min = -std::numeric_limits<double>::infinity(),
                double max = std::numeric_limits<double>::infinity());
  bool boolean(std::string_view key, bool fallback);
  std::string string(std::string_view key, std::string_view fallback);
  /// Whether the key is there, if only with null.
  bool has(std::string_view key) { return find(key) != nullptr; }
  /// The value as it is, null where absent.
  const Json& any(std::string_view key);
  /// A list; an empty one where the key is absent or null.
  const Json& list(std::string_view key);
  /// Accepts the key only if it is absent, null, or equal to `onlyValue`: an option of Keras's that
  /// this version does not have.
  void unsupported(std::string_view key, const Json& onlyValue = nullptr);

  void finish() const;

  [[noreturn]] void fail(std::string_view key, std::string_view expected) const;

 private:
  const Json* find(std::string_view key);

  std::string className_;
  const Json& config_;
  std::set<std::string> known_;
};

}  // namespace tabtrain
