#include <array>

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
  return makeFromConfig<Optimizer>(kRows, parseClassConfig(json, "optimizer"), "optimizer");
}

}  // namespace tabtrain
