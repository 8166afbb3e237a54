#include <array>

#include "losses/loss.h"

namespace tabtrain {

// Each is defined in the file of its class.
std::unique_ptr<Loss> makeSparseCategoricalCrossentropy(ConfigReader& reader);
std::unique_ptr<Loss> makeCategoricalCrossentropy(ConfigReader& reader);
std::unique_ptr<Loss> makeBinaryCrossentropy(ConfigReader& reader);
std::unique_ptr<Loss> makeMeanSquaredError(ConfigReader& reader);

namespace {

const std::array kRows = {
    ClassRow<Loss>{"SparseCategoricalCrossentropy",
                   {"sparse_categorical_crossentropy"},
                   makeSparseCategoricalCrossentropy},
    ClassRow<Loss>{
        "CategoricalCrossentropy", {"categorical_crossentropy"}, makeCategoricalCrossentropy},
    ClassRow<Loss>{"BinaryCrossentropy", {"binary_crossentropy"}, makeBinaryCrossentropy},
    ClassRow<Loss>{"MeanSquaredError", {"mean_squared_error", "mse", "MSE"}, makeMeanSquaredError},
};

}  // namespace

std::unique_ptr<Loss> makeLoss(const Json& json) {
  return makeFromConfig<Loss>(kRows, parseClassConfig(json, "loss"), "loss");
}

}  // namespace tabtrain
