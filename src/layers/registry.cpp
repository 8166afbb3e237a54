#include <array>

#include "layers/layer.h"

namespace tabtrain {

// Each is defined in the file of its class.
std::unique_ptr<Layer> makeInputLayer(ConfigReader& reader);
std::unique_ptr<Layer> makeDense(ConfigReader& reader);
std::unique_ptr<Layer> makeActivation(ConfigReader& reader);
std::unique_ptr<Layer> makeDropout(ConfigReader& reader);
std::unique_ptr<Layer> makeFlatten(ConfigReader& reader);
std::unique_ptr<Layer> makeBatchNormalization(ConfigReader& reader);
std::unique_ptr<Layer> makeSequential(ConfigReader& reader);

namespace {

const std::array kRows = {
    ClassRow<Layer>{"InputLayer", {}, makeInputLayer},
    ClassRow<Layer>{"Dense", {}, makeDense},
    ClassRow<Layer>{"Activation", {}, makeActivation},
    ClassRow<Layer>{"Dropout", {}, makeDropout},
    ClassRow<Layer>{"Flatten", {}, makeFlatten},
    ClassRow<Layer>{"BatchNormalization", {}, makeBatchNormalization},
    ClassRow<Layer>{"Sequential", {}, makeSequential},
};

}  // namespace

std::unique_ptr<Layer> makeLayer(const ClassConfig& config) {
  return makeFromConfig<Layer>(kRows, config, "layer");
}

}  // namespace tabtrain
