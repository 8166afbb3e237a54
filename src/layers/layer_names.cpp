#include <cctype>
#include <map>
#include <set>

#include "layers/sequential.h"

namespace tabtrain {
namespace {

using Names = std::set<std::string>;

Json* layersOf(Json& layer) {
  if (!layer.is_object() || layer.value("class_name", Json()) != "Sequential") return nullptr;
  Json& config = layer["config"];
  return config.is_object() && config.contains("layers") && config["layers"].is_array()
             ? &config["layers"]
             : nullptr;
}

/// The name that a config gives, or null.
const Json* givenName(const Json& layer) {
  const Json* config = layer.find("config");
  const Json* name = config == nullptr ? nullptr : config->find("name");
  return name == nullptr || name->is_null() ? nullptr : name;
}

/// Notes the names that are given, in the whole tree; within one model they must differ.
void collect(Json& list, Names& taken) {
  Names own;
  for (Json& layer : list) {
    if (Json* inner = layersOf(layer)) collect(*inner, taken);
    const Json* name = givenName(layer);
    if (name == nullptr) continue;
    require(name->is_string(),
            [&] { return "layers: name: expected a text, got " + name->dump(); });
    require(own.insert(name->get<std::string>()).second,
            [&] { return "layers: expected unique names, got " + name->dump() + " twice"; });
    taken.insert(name->get<std::string>());
  }
}

struct Counter {
  Names taken;
  std::map<std::string, int> counts;

  std::string next(const std::string& base) {
    std::string name;
    do {
      const int count = counts[base]++;
      name = count == 0 ? base : base + "_" + std::to_string(count);
    } while (!taken.insert(name).second);
    return name;
  }
};

/// "Scale" of "my_package>Scale", the name of a class that was registered.
std::string withoutPackage(const std::string& className) {
  return className.substr(className.rfind('>') + 1);
}

/// Keras numbers layers in the order in which they are made: what is inside comes first.
void nameAll(Json& list, Counter& counter) {
  for (Json& layer : list) {
    if (layer.is_string()) layer = ClassConfig{layer.get<std::string>()}.toJson();
    if (Json* inner = layersOf(layer)) nameAll(*inner, counter);
    if (!layer.is_object() || givenName(layer) != nullptr) continue;
    const Json className = layer.value("class_name", Json());
    if (!className.is_string() || className == "InputLayer") continue;
    // What is no record is refused where the layer is made.
    if (layer.contains("config") && !layer["config"].is_object() && !layer["config"].is_null())
      continue;
    layer["config"]["name"] = counter.next(snakeCase(withoutPackage(className.get<std::string>())));
  }
}

}  // namespace

std::string snakeCase(const std::string& className) {
  std::string result;
  for (size_t i = 0; i < className.size(); ++i) {
    const auto c = static_cast<unsigned char>(className[i]);
    const bool startsWord = std::isupper(c) != 0 && i > 0 &&
                            (std::islower(static_cast<unsigned char>(className[i - 1])) != 0 ||
                             (i + 1 < className.size() &&
                              std::islower(static_cast<unsigned char>(className[i + 1])) != 0));
    if (startsWord) result += '_';
    result += static_cast<char>(std::tolower(c));
  }
  return result;
}

std::unique_ptr<Sequential> readModel(const Json& json) {
  ClassConfig model = parseClassConfig(json, "model");
  require(
      model.className == "Sequential",
      [&] {
        return "model: this version has only Sequential models, got \"" + model.className + "\"";
      },
      ErrorCode::Unsupported);
  Counter counter;
  Json whole = Json::array({model.toJson()});
  collect(whole, counter.taken);
  nameAll(whole, counter);
  ConfigReader reader("Sequential", whole[0]["config"]);
  auto result = std::make_unique<Sequential>(reader);
  reader.finish();
  return result;
}

}  // namespace tabtrain
