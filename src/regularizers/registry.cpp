#include "regularizers/regularizer.h"

namespace tabtrain {

// Each is defined in the file of its class.
std::unique_ptr<Regularizer> makeL1(ConfigReader& reader);
std::unique_ptr<Regularizer> makeL2(ConfigReader& reader);
std::unique_ptr<Regularizer> makeL1L2(ConfigReader& reader);
std::unique_ptr<Regularizer> makeOrthogonalRegularizer(ConfigReader& reader);

namespace {

const std::array kRows = {
    ClassRow<Regularizer>{"L1", {"l1"}, makeL1},
    ClassRow<Regularizer>{"L2", {"l2"}, makeL2},
    ClassRow<Regularizer>{"L1L2", {"l1_l2"}, makeL1L2},
    ClassRow<Regularizer>{
        "OrthogonalRegularizer", {"orthogonal_regularizer"}, makeOrthogonalRegularizer},
};

}  // namespace

std::unique_ptr<Regularizer> makeRegularizer(ConfigReader& reader, const std::string& key) {
  const Json& json = reader.any(key);
  if (json.is_null()) return nullptr;
  const std::string argument = reader.className() + ": " + key;
  ClassConfig config = parseClassConfig(json, argument);
  // The name alone means other factors than the class's defaults.
  if (json == "l1_l2") config.config = {{"l1", 0.01}, {"l2", 0.01}};
  return makeFromConfig<Regularizer>(kRows, config, argument);
}

std::vector<std::string> regularizerNames() { return classNames<Regularizer>(kRows); }

}  // namespace tabtrain
