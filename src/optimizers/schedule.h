#pragma once

#include <string>
#include <vector>

#include "base/config_reader.h"
#include "graph/expr.h"

namespace tabtrain {

struct ScheduleKind;

/// A learning rate as a function of the number of steps done: keras.optimizers.schedules.
class Schedule {
 public:
  /// What the formulas need. Numbers are in the order of the kind's fields.
  struct Values {
    std::vector<double> numbers;
    bool flag = false;               // staircase, cycle
    std::vector<double> boundaries;  // one less than `rates`
    std::vector<double> rates;
  };

  /// From a config; throws UnknownClass, InvalidArgument.
  explicit Schedule(const Json& json);

  /// The rate after `iterations` steps, both float32 [].
  Expr rate(Expr iterations) const;
  Json toJson() const;

 private:
  const ScheduleKind* kind_;
  Values values_;
  Json config_ = Json::object();
};

/// Keras's names of all kinds.
std::vector<std::string> scheduleNames();

}  // namespace tabtrain
