#include <array>
#include <cctype>

#include "optimizers/optimizer.h"

namespace tabtrain {

// Each is defined in the file of its class.
std::unique_ptr<Optimizer> makeAdadelta(ConfigReader& reader);
std::unique_ptr<Optimizer> makeAdagrad(ConfigReader& reader);
std::unique_ptr<Optimizer> makeAdam(ConfigReader& reader);
std::unique_ptr<Optimizer> makeAdamW(ConfigReader& reader);
std::unique_ptr<Optimizer> makeAdamax(ConfigReader& reader);
std::unique_ptr<Optimizer> makeFtrl(ConfigReader& reader);
std::unique_ptr<Optimizer> makeLion(ConfigReader& reader);
std::unique_ptr<Optimizer> makeNadam(ConfigReader& reader);
std::unique_ptr<Optimizer> makeRmsProp(ConfigReader& reader);
std::unique_ptr<Optimizer> makeSgd(ConfigReader& reader);

namespace {

const std::array kRows = {
    ClassRow<Optimizer>{"SGD", {"sgd"}, makeSgd},
    ClassRow<Optimizer>{"Adam", {"adam"}, makeAdam},
    ClassRow<Optimizer>{"AdamW", {"adamw"}, makeAdamW},
    ClassRow<Optimizer>{"Adamax", {"adamax"}, makeAdamax},
    ClassRow<Optimizer>{"Nadam", {"nadam"}, makeNadam},
    ClassRow<Optimizer>{"RMSprop", {"rmsprop"}, makeRmsProp},
    ClassRow<Optimizer>{"Adagrad", {"adagrad"}, makeAdagrad},
    ClassRow<Optimizer>{"Adadelta", {"adadelta"}, makeAdadelta},
    ClassRow<Optimizer>{"Ftrl", {"ftrl"}, makeFtrl},
    ClassRow<Optimizer>{"Lion", {"lion"}, makeLion},
};

}  // namespace

std::unique_ptr<Optimizer> makeOptimizer(const Json& json) {
  ClassConfig config = parseClassConfig(json, "optimizer");
  // As Keras, which takes "ADAM" as well.
  if (json.is_string()) {
    for (char& c : config.className)
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  // What Keras 2.11 and later call their classes in SavedModels and HDF5 files.
  constexpr std::string_view kPackage = "Custom>";
  if (config.className.starts_with(kPackage)) config.className.erase(0, kPackage.size());
  return makeFromConfig<Optimizer>(kRows, config, "optimizer");
}

std::vector<std::string> optimizerNames() {
  return classNames(std::span<const ClassRow<Optimizer>>(kRows));
}

}  // namespace tabtrain
