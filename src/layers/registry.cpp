#include <array>

#include "layers/layer.h"
#include "layers/recorded.h"

namespace tabtrain {

// Each is defined in the file of its class.
std::unique_ptr<Layer> makeInputLayer(ConfigReader& reader);
std::unique_ptr<Layer> makeDense(ConfigReader& reader);
std::unique_ptr<Layer> makeActivation(ConfigReader& reader);
std::unique_ptr<Layer> makeNoise(ConfigReader& reader);
std::unique_ptr<Layer> makeFlatten(ConfigReader& reader);
std::unique_ptr<Layer> makeBatchNormalization(ConfigReader& reader);
std::unique_ptr<Layer> makeSequential(ConfigReader& reader);
std::unique_ptr<Layer> makeReshape(ConfigReader& reader);
std::unique_ptr<Layer> makePermute(ConfigReader& reader);
std::unique_ptr<Layer> makeRepeatVector(ConfigReader& reader);
std::unique_ptr<Layer> makeRescaling(ConfigReader& reader);
std::unique_ptr<Layer> makeNormalization(ConfigReader& reader);
std::unique_ptr<Layer> makeLayerNormalization(ConfigReader& reader);
std::unique_ptr<Layer> makeUnitNormalization(ConfigReader& reader);
std::unique_ptr<Layer> makeActivityRegularization(ConfigReader& reader);
std::unique_ptr<Layer> makeParametricActivation(ConfigReader& reader);
std::unique_ptr<Layer> makePReLU(ConfigReader& reader);
std::unique_ptr<Layer> makeSoftmax(ConfigReader& reader);

namespace {

const std::array kRows = {
    ClassRow<Layer>{"InputLayer", {}, makeInputLayer},
    ClassRow<Layer>{"Dense", {}, makeDense},
    ClassRow<Layer>{"Activation", {}, makeActivation},
    ClassRow<Layer>{"Dropout", {}, makeNoise},
    ClassRow<Layer>{"Flatten", {}, makeFlatten},
    ClassRow<Layer>{"BatchNormalization", {}, makeBatchNormalization},
    ClassRow<Layer>{"Sequential", {}, makeSequential},
    ClassRow<Layer>{"Reshape", {}, makeReshape},
    ClassRow<Layer>{"Permute", {}, makePermute},
    ClassRow<Layer>{"RepeatVector", {}, makeRepeatVector},
    ClassRow<Layer>{"Rescaling", {}, makeRescaling},
    ClassRow<Layer>{"Normalization", {}, makeNormalization},
    ClassRow<Layer>{"LayerNormalization", {}, makeLayerNormalization},
    ClassRow<Layer>{"UnitNormalization", {}, makeUnitNormalization},
    ClassRow<Layer>{"ActivityRegularization", {}, makeActivityRegularization},
    ClassRow<Layer>{"ReLU", {}, makeParametricActivation},
    ClassRow<Layer>{"LeakyReLU", {}, makeParametricActivation},
    ClassRow<Layer>{"ELU", {}, makeParametricActivation},
    ClassRow<Layer>{"ThresholdedReLU", {}, makeParametricActivation},
    ClassRow<Layer>{"PReLU", {}, makePReLU},
    ClassRow<Layer>{"Softmax", {}, makeSoftmax},
    ClassRow<Layer>{"SpatialDropout1D", {}, makeNoise},
    ClassRow<Layer>{"AlphaDropout", {}, makeNoise},
    ClassRow<Layer>{"GaussianDropout", {}, makeNoise},
    ClassRow<Layer>{"GaussianNoise", {}, makeNoise},
};

}  // namespace

std::unique_ptr<Layer> makeLayer(const ClassConfig& config) {
  if (config.config.contains(kRecorded)) return makeRecordedLayer(config);
  require(
      config.className != "Lambda",
      [] {
        return std::string(
            "layer: \"Lambda\": its function is Python code, which never runs here; write it as a "
            "layer of your own and pass that as customObjects: { Lambda }");
      },
      ErrorCode::UnknownClass);
  return makeFromConfig<Layer>(kRows, config, "layer");
}

std::vector<std::string> layerNames() { return classNames<Layer>(kRows); }

}  // namespace tabtrain
