#include "constraints/constraint.h"

namespace tabtrain {

// Each is defined in the file of its class.
std::unique_ptr<Constraint> makeMaxNorm(ConfigReader& reader);
std::unique_ptr<Constraint> makeMinMaxNorm(ConfigReader& reader);
std::unique_ptr<Constraint> makeUnitNorm(ConfigReader& reader);
std::unique_ptr<Constraint> makeNonNeg(ConfigReader& reader);

namespace {

const std::array kRows = {
    ClassRow<Constraint>{"MaxNorm", {"max_norm", "maxnorm"}, makeMaxNorm},
    ClassRow<Constraint>{"MinMaxNorm", {"min_max_norm"}, makeMinMaxNorm},
    ClassRow<Constraint>{"UnitNorm", {"unit_norm", "unitnorm"}, makeUnitNorm},
    ClassRow<Constraint>{"NonNeg", {"non_neg", "nonneg"}, makeNonNeg},
};

}  // namespace

std::unique_ptr<Constraint> makeConstraint(ConfigReader& reader, const std::string& key) {
  const Json& json = reader.any(key);
  if (json.is_null()) return nullptr;
  const std::string argument = reader.className() + ": " + key;
  return makeFromConfig<Constraint>(kRows, parseClassConfig(json, argument), argument);
}

std::vector<std::string> constraintNames() { return classNames<Constraint>(kRows); }

}  // namespace tabtrain
