#include "base/json.h"

#include "base/error.h"

namespace tabtrain {

void throwJsonMisuse() {
  throw Error(ErrorCode::Internal, "json: a value is not of the type that was asked for");
}

std::string pythonDumps(const Json& json) {
  if (!json.is_structured()) return json.dump(-1, ' ', /*ensure_ascii=*/true);
  const bool isObject = json.is_object();
  std::string text = isObject ? "{" : "[";
  for (const auto& [key, value] : json.items()) {
    if (text.size() > 1) text += ", ";
    if (isObject) text += Json(key).dump(-1, ' ', true) + ": ";
    text += pythonDumps(value);
  }
  return text + (isObject ? "}" : "]");
}

}  // namespace tabtrain
