#include <array>

#include "layers/layer.h"

namespace tabtrain {
namespace {

const std::array kRows = {
    ClassRow<Layer>{"InputLayer", {}, makeInputLayer}, ClassRow<Layer>{"Dense", {}, makeDense},
    ClassRow<Layer>{"Activation", {}, makeActivation}, ClassRow<Layer>{"Dropout", {}, makeDropout},
    ClassRow<Layer>{"Flatten", {}, makeFlatten},
};

}  // namespace

std::unique_ptr<Layer> makeLayer(const ClassConfig& config) {
  return makeFromConfig<Layer>(kRows, config, "layer");
}

}  // namespace tabtrain
