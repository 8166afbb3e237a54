#include "optimizers/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/error.h"

/// Formulas: keras/optimizers/schedules/learning_rate_schedule.py, in float32 as there.
namespace tabtrain {

/// One number of a kind's config.
struct ScheduleField {
  const char* key = nullptr;
  double min = 0.0;
  double fallback = 0.0;  // NaN: there is none
};

struct ScheduleKind {
  const char* className;
  ScheduleField fields[5];  // in Keras's order, fewer where a key is null
  const char* flag;         // a boolean after them, or null
  Expr (*rate)(const Schedule::Values& values, Expr step);
};

namespace {

using Values = Schedule::Values;

constexpr double kAny = -std::numeric_limits<double>::infinity();
constexpr double kRequired = std::numeric_limits<double>::quiet_NaN();

float number(const Values& values, size_t index) {
  return static_cast<float>(values.numbers[index]);
}

Expr constant(Expr like, float value) { return like.graph->constant(value); }

/// step / decay_steps, in whole periods if it is a staircase.
Expr periods(const Values& values, Expr step) {
  const Expr p = step / number(values, 1);
  return values.flag ? roundDown(p) : p;
}

/// initial * decay_rate ^ p.
Expr exponentialDecay(const Values& values, Expr step) {
  return power(constant(step, number(values, 2)), periods(values, step)) * number(values, 0);
}

/// initial / (1 + decay_rate * p).
Expr inverseTimeDecay(const Values& values, Expr step) {
  return number(values, 0) / (periods(values, step) * number(values, 2) + 1.0f);
}

/// (initial - end) * (1 - step / decay_steps) ^ power + end; a cycle starts again, each longer.
Expr polynomialDecay(const Values& values, Expr step) {
  const float end = number(values, 2);
  Expr steps = constant(step, number(values, 1));
  if (values.flag) {
    const Expr up = -roundDown(-(step / steps));
    steps = steps * select(equal(step, constant(step, 0.0f)), constant(step, 1.0f), up);
  } else {
    step = minimum(step, steps);
  }
  return power(1.0f - step / steps, constant(step, number(values, 3))) * (number(values, 0) - end) +
         end;
}

/// (1 + cos(pi x)) / 2 for x from 0 to 1, which is the square of sin t at t = pi (1 - x) / 2, whose
/// series t (1 - t^2/6 (1 - t^2/20 (...))) is exact to float32 with its first seven terms.
Expr halfCosine(Expr x) {
  const Expr t = (1.0f - x) * (std::numbers::pi_v<float> / 2.0f);
  const Expr squared = t * t;
  Expr series = constant(x, 1.0f);
  for (const float divisor : {156.0f, 110.0f, 72.0f, 42.0f, 20.0f, 6.0f}) {
    series = 1.0f - squared * series / divisor;
  }
  return square(minimum(t * series, constant(x, 1.0f)));
}

/// A cosine from the rate to alpha times it; before that, given a target, linearly up to it.
Expr cosineDecay(const Values& values, Expr step) {
  const float initial = number(values, 0);
  const float steps = number(values, 1);
  const double alpha = values.numbers[2];
  const bool warmsUp = values.numbers.size() > 3;
  const float target = warmsUp ? number(values, 3) : initial;
  const float warmup = warmsUp ? number(values, 4) : 0.0f;
  step = minimum(step, constant(step, steps + warmup));
  const Expr wave = halfCosine((step - warmup) / steps);
  const Expr decayed =
      (wave * static_cast<float>(1.0 - alpha) + static_cast<float>(alpha)) * target;
  if (!warmsUp || warmup == 0.0f) return decayed;
  const Expr rising = step / warmup * (target - initial) + initial;
  return select(greaterEqual(step, constant(step, warmup)), decayed, rising);
}

/// Cosines one after the other, each t_mul times as long and m_mul times as high as the last.
/// Loshchilov and Hutter, 2016.
Expr cosineDecayRestarts(const Values& values, Expr step) {
  const float tMul = number(values, 2);
  const float alpha = number(values, 4);
  Expr done = step / number(values, 1);
  Expr restarts;
  if (tMul == 1.0f) {
    restarts = roundDown(done);
    done = done - restarts;
  } else {
    restarts = roundDown(logarithm(1.0f - done * (1.0f - tMul)) / std::log(tMul));
    const Expr length = power(constant(step, tMul), restarts);
    done = (done - (1.0f - length) / (1.0f - tMul)) / length;
  }
  const Expr height = power(constant(step, number(values, 3)), restarts);
  return (height * halfCosine(done) * (1.0f - alpha) + alpha) * number(values, 0);
}

/// rates[i] up to and including step boundaries[i], then the last one.
Expr piecewiseConstantDecay(const Values& values, Expr step) {
  Expr rate = constant(step, static_cast<float>(values.rates.back()));
  for (size_t i = values.boundaries.size(); i-- > 0;) {
    rate = select(greater(step, constant(step, static_cast<float>(values.boundaries[i]))), rate,
                  constant(step, static_cast<float>(values.rates[i])));
  }
  return rate;
}

constexpr ScheduleField kInitial = {"initial_learning_rate", 0, kRequired};
constexpr ScheduleField kSteps = {"decay_steps", 1, kRequired};
constexpr ScheduleField kRate = {"decay_rate", 0, kRequired};
constexpr ScheduleField kAlpha = {"alpha", kAny, 0};

constexpr ScheduleKind kKinds[] = {
    {"ExponentialDecay", {kInitial, kSteps, kRate}, "staircase", exponentialDecay},
    {"PiecewiseConstantDecay", {}, nullptr, piecewiseConstantDecay},
    {"PolynomialDecay",
     {kInitial, kSteps, {"end_learning_rate", 0, 0.0001}, {"power", kAny, 1}},
     "cycle",
     polynomialDecay},
    {"InverseTimeDecay", {kInitial, kSteps, kRate}, "staircase", inverseTimeDecay},
    {"CosineDecay", {kInitial, kSteps, kAlpha}, nullptr, cosineDecay},
    {"CosineDecayRestarts",
     {kInitial, {"first_decay_steps", 1, kRequired}, {"t_mul", 0, 2}, {"m_mul", 0, 1}, kAlpha},
     nullptr,
     cosineDecayRestarts},
};

const ScheduleKind* findKind(const std::string& className) {
  std::string known;
  for (const ScheduleKind& kind : kKinds) {
    if (className == kind.className) return &kind;
    known += (known.empty() ? "" : ", ") + std::string(kind.className);
  }
  throw Error(ErrorCode::UnknownClass, "learning_rate: expected a number or one of " + known +
                                           "; got unknown \"" + className + "\"");
}

std::vector<double> numberList(ConfigReader& reader, const char* key) {
  const Json& list = reader.any(key);
  std::vector<double> numbers;
  if (list.is_array()) {
    for (const Json& each : list) {
      if (each.is_number()) numbers.push_back(each.get<double>());
    }
  }
  if (numbers.empty() || numbers.size() != list.size()) reader.fail(key, "a list of numbers");
  return numbers;
}

}  // namespace

Schedule::Schedule(const Json& json) {
  const ClassConfig given = parseClassConfig(json, "learning_rate");
  kind_ = findKind(given.className);
  ConfigReader reader(kind_->className, given.config);
  const auto read = [&](const ScheduleField& field) {
    const bool isGiven = !reader.any(field.key).is_null();
    const bool isRequired = std::isnan(field.fallback);
    const double value =
        isGiven || isRequired ? reader.number(field.key, std::nullopt, field.min) : field.fallback;
    values_.numbers.push_back(value);
    // As it was written: an integer stays one.
    config_[field.key] = isGiven ? reader.any(field.key) : Json(value);
  };
  for (const ScheduleField& field : kind_->fields) {
    if (field.key != nullptr) read(field);
  }
  if (kind_->flag != nullptr) {
    config_[kind_->flag] = values_.flag = reader.boolean(kind_->flag, false);
  }
  if (kind_->rate == piecewiseConstantDecay) {
    values_.boundaries = numberList(reader, "boundaries");
    values_.rates = numberList(reader, "values");
    if (!std::is_sorted(values_.boundaries.begin(), values_.boundaries.end())) {
      reader.fail("boundaries", "numbers that increase");
    }
    if (values_.rates.size() != values_.boundaries.size() + 1) {
      reader.fail("values", "one number more than boundaries");
    }
    for (const char* key : {"boundaries", "values"}) config_[key] = reader.any(key);
  }
  reader.string("name", "");
  config_["name"] = reader.any("name");
  if (kind_->rate == cosineDecay) {
    // Keras 2.8 does not know these two, so they are there only if they are in use.
    reader.integer("warmup_steps", 0, 0);
    if (!reader.any("warmup_target").is_null()) {
      read({"warmup_target", 0, kRequired});
      read({"warmup_steps", 0, 0});
    }
  }
  reader.finish();
}

Expr Schedule::rate(Expr iterations) const { return kind_->rate(values_, iterations); }

Json Schedule::toJson() const { return ClassConfig{kind_->className, config_}.toJson(); }

std::vector<std::string> scheduleNames() {
  std::vector<std::string> names;
  for (const ScheduleKind& kind : kKinds) names.emplace_back(kind.className);
  return names;
}

}  // namespace tabtrain
