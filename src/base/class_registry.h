#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/error.h"

namespace tabtrain {

/// One registry row: Keras's class name, its names as a string argument, and how to make one.
template <typename Base>
struct ClassRow {
  const char* className;
  std::array<const char*, 4> aliases;  // null where there are fewer
  std::unique_ptr<Base> (*make)(ConfigReader& reader);
};

/// The row of a class name or alias, or null.
template <typename Base>
const ClassRow<Base>* findRow(std::span<const ClassRow<Base>> rows, const std::string& name) {
  for (const auto& row : rows) {
    if (name == row.className) return &row;
    for (const char* alias : row.aliases) {
      if (alias != nullptr && name == alias) return &row;
    }
  }
  return nullptr;
}

/// Keras's names of all classes of a registry.
template <typename Base>
std::vector<std::string> classNames(std::span<const ClassRow<Base>> rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.emplace_back(row.className);
  return names;
}

/// Makes the object that a config names. `kind` ("layer", "loss") is for errors: UnknownClass with
/// the known names, InvalidArgument for arguments that the class does not take.
template <typename Base>
std::unique_ptr<Base> makeFromConfig(std::span<const ClassRow<Base>> rows,
                                     const ClassConfig& config, const std::string& kind) {
  const ClassRow<Base>* row = findRow(rows, config.className);
  if (row == nullptr) {
    std::string known;
    for (const auto& other : rows)
      known += (known.empty() ? "" : ", ") + std::string(other.className);
    throw Error(ErrorCode::UnknownClass,
                kind + ": expected one of " + known + "; got unknown \"" + config.className + "\"");
  }
  ConfigReader reader(row->className, config.config);
  auto object = row->make(reader);
  reader.finish();
  return object;
}

}  // namespace tabtrain
