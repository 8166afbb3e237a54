#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "base/variable.h"
#include "graph/expr.h"

namespace tabtrain {

/// A number of a config, or lists of numbers within lists, as a graph reads it. Not a weight.
class ConstantTensor {
 public:
  /// Throws InvalidArgument where `key` is neither, or its lists have different lengths.
  ConstantTensor(ConfigReader& reader, const std::string& key, const Json& fallback);

  /// [] of a number, else the shape of the lists.
  Expr read(Graph& graph) const;
  /// As it was given; null where absent without a fallback, and then there is nothing to read.
  const Json& json() const { return json_; }

  /// Adds the attribute that Keras keeps a list in to those that a checkpoint tracks.
  void track(const char* attribute, std::vector<std::string>& lists) const;

  /// The numbers of a list, to be read; null of a number.
  Variable* variable() const { return variable_.get(); }

 private:
  Json json_;
  std::unique_ptr<Variable> variable_;  // of lists
};

}  // namespace tabtrain
