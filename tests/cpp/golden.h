#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/dtype.h"
#include "base/json.h"
#include "json_printing.h"

namespace tabtrain::testing {

/// A tensor of a golden file: `{shape, dtype, values}`, values in C order. Doubles hold every value
/// of every dtype there.
struct Tensor {
  std::vector<int64_t> shape;
  DType dtype = DType::Float32;
  std::vector<double> values;

  int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
};

/// One case of a golden file, as a test's parameter: GoogleTest prints its name alone.
struct GoldenCase {
  Json json;

  friend void PrintTo(const GoldenCase& golden, std::ostream* stream) {
    *stream << golden.json.value("name", "?");
  }
};

/// The `cases` of tests/golden/PATH. Throws where the file is missing or has none.
std::vector<GoldenCase> goldenCases(const std::string& path);

/// The cases of all files of tests/golden/trajectories, of both versions of Keras.
std::vector<GoldenCase> goldenTrajectories();

/// A number, or one of "NaN", "Infinity", "-Infinity".
double goldenNumber(const Json& json);
Tensor goldenTensor(const Json& json);

/// A loss's or metric's config without the arguments at which the golden files leave it: those that
/// only some versions of Keras write.
Json withoutNewerDefaults(Json object);

/// How far a value may be from Keras's: both agree where |actual - expected| is at most
/// `relative` * |expected| + `absolute`.
struct Tolerance {
  double relative = 1e-5;
  double absolute = 1e-6;
};

/// NaN is close to nothing, not even to NaN.
bool isClose(double actual, double expected, Tolerance tolerance = {});

/// Fails the test, naming the first element, where `actual` is not close to `expected`.
void expectClose(std::span<const float> actual, const std::vector<double>& expected,
                 const std::string& what, Tolerance tolerance = {});

/// The name of a parametrised test: the case's name as GoogleTest allows it.
std::string caseName(const ::testing::TestParamInfo<GoldenCase>& info);

}  // namespace tabtrain::testing
