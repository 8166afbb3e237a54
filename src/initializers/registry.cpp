#include <array>

#include "initializers/initializer.h"
#include "initializers/recorded.h"

namespace tabtrain {

// Each is defined in the file of its class.
std::unique_ptr<Initializer> makeZeros(ConfigReader& reader);
std::unique_ptr<Initializer> makeOnes(ConfigReader& reader);
std::unique_ptr<Initializer> makeConstant(ConfigReader& reader);
std::unique_ptr<Initializer> makeRandomUniform(ConfigReader& reader);
std::unique_ptr<Initializer> makeRandomNormal(ConfigReader& reader);
std::unique_ptr<Initializer> makeTruncatedNormal(ConfigReader& reader);
std::unique_ptr<Initializer> makeVarianceScaling(ConfigReader& reader);
std::unique_ptr<Initializer> makeOrthogonal(ConfigReader& reader);
std::unique_ptr<Initializer> makeIdentity(ConfigReader& reader);

namespace {

const std::array kRows = {
    ClassRow<Initializer>{"Zeros", {"zeros", "zero"}, makeZeros},
    ClassRow<Initializer>{"Ones", {"ones", "one"}, makeOnes},
    ClassRow<Initializer>{"Constant", {"constant"}, makeConstant},
    ClassRow<Initializer>{"RandomUniform", {"random_uniform", "uniform"}, makeRandomUniform},
    ClassRow<Initializer>{"RandomNormal", {"random_normal", "normal"}, makeRandomNormal},
    ClassRow<Initializer>{"TruncatedNormal", {"truncated_normal"}, makeTruncatedNormal},
    ClassRow<Initializer>{
        "GlorotUniform", {"glorot_uniform", "xavier_uniform"}, makeVarianceScaling},
    ClassRow<Initializer>{"GlorotNormal", {"glorot_normal", "xavier_normal"}, makeVarianceScaling},
    ClassRow<Initializer>{"HeUniform", {"he_uniform"}, makeVarianceScaling},
    ClassRow<Initializer>{"HeNormal", {"he_normal"}, makeVarianceScaling},
    ClassRow<Initializer>{"LecunUniform", {"lecun_uniform"}, makeVarianceScaling},
    ClassRow<Initializer>{"LecunNormal", {"lecun_normal"}, makeVarianceScaling},
    ClassRow<Initializer>{"VarianceScaling", {"variance_scaling"}, makeVarianceScaling},
    ClassRow<Initializer>{"Orthogonal", {"orthogonal"}, makeOrthogonal},
    ClassRow<Initializer>{"Identity", {"identity"}, makeIdentity},
};

}  // namespace

std::unique_ptr<Initializer> makeInitializer(const Json& json, const std::string& argument) {
  const ClassConfig config = parseClassConfig(json, argument);
  if (config.config.contains(kRecorded)) return makeRecordedInitializer(config);
  return makeFromConfig<Initializer>(kRows, config, argument);
}

std::unique_ptr<Initializer> makeInitializer(ConfigReader& reader, const std::string& key,
                                             const char* fallback) {
  const Json& json = reader.any(key);
  return makeInitializer(json.is_null() ? Json(fallback) : json, reader.className() + ": " + key);
}

std::vector<std::string> initializerNames() { return classNames<Initializer>(kRows); }

}  // namespace tabtrain
