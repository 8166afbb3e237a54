#include <array>

#include "optimizers/optimizer.h"

namespace tabtrain {
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
