#include "base/json.h"

namespace tabtrain {

Json fields(std::initializer_list<JsonField> list) {
  Json json = Json::object();
  for (const JsonField& field : list) {
    Json& value = json[field.key];
    switch (field.kind) {
      case JsonField::Kind::Any:
        value = *field.any;
        break;
      case JsonField::Kind::Number:
        value = field.number;
        break;
      case JsonField::Kind::Integer:
        value = field.integer;
        break;
      case JsonField::Kind::Boolean:
        value = field.boolean;
        break;
      case JsonField::Kind::Text:
        value = field.text;
        break;
      case JsonField::Kind::Null:
        break;
    }
  }
  return json;
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
