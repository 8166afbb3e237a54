#include <array>
#include <cctype>

#include "optimizers/optimizer.h"

namespace tabtrain {

// Each is defined in the file of its class.
std::unique_ptr<Optimizer> makeSgd(ConfigReader& reader);
std::unique_ptr<Optimizer> makeAdam(ConfigReader& reader);

namespace {

const std::array kRows = {
    ClassRow<Optimizer>{"SGD", {"sgd"}, makeSgd},
    ClassRow<Optimizer>{"Adam", {"adam"}, makeAdam},
};

}  // namespace

std::unique_ptr<Optimizer> makeOptimizer(const Json& json) {
  ClassConfig config = parseClassConfig(json, "optimizer");
  // As Keras, which takes "ADAM" as well.
  if (json.is_string()) {
    for (char& c : config.className)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return makeFromConfig<Optimizer>(kRows, config, "optimizer");
}

}  // namespace tabtrain
