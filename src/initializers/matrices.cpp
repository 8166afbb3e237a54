#include <algorithm>
#include <cmath>

#include "initializers/initializer.h"

namespace tabtrain {
namespace {

void requireRank(bool isFine, const char* className, const char* expected,
                 const std::vector<int64_t>& sizes, const std::string& weight) {
  require(
      isFine,
      [&] {
        return weight + ": " + className + ": expected a weight with " + expected +
               " axes, got shape " + sizesToString(sizes);
      },
      ErrorCode::ShapeMismatch);
}

/// A weight whose columns (rows, where there are fewer) are orthonormal, times gain: Q of the QR
/// decomposition of a normal matrix, with the signs that make R's diagonal positive. All axes but
/// the last count as rows. Saxe et al., 2014; keras/initializers/initializers_v2.py.
class Orthogonal : public RandomInitializer {
 public:
  explicit Orthogonal(ConfigReader& reader)
      : RandomInitializer(reader), gain_(reader.number("gain", 1.0)) {}
  const char* className() const override { return "Orthogonal"; }
  Json config() const override { return {{"gain", gain_}, {"seed", seedJson()}}; }
  void check(const std::vector<int64_t>& sizes, const std::string& weight) const override {
    requireRank(sizes.size() >= 2, className(), "at least two", sizes, weight);
  }

  void fill(std::span<float> out, const std::vector<int64_t>& sizes,
            const PhiloxStream& stream) const override {
    const auto columns = static_cast<size_t>(sizes.back());
    const size_t rows = out.size() / columns;
    const size_t length = std::max(rows, columns);
    const size_t count = std::min(rows, columns);
    fillNormal(out, streamFor(stream), 0.0f, 1.0f);  // a matrix [length, count]
    // Gram and Schmidt's process, which makes a positive diagonal; in double it is exact enough for
    // float32. Vector v's elements are neighbours.
    std::vector<double> q(out.size());
    for (size_t i = 0; i < out.size(); ++i) {
      q[i % count * length + i / count] = static_cast<double>(out[i]);
    }
    for (size_t v = 0; v < count; ++v) {
      double* vector = &q[v * length];
      const double norm = std::sqrt(dot(vector, vector, length));
      if (norm > 0.0) {
        for (size_t i = 0; i < length; ++i) vector[i] /= norm;
      }
      for (size_t other = v + 1; other < count; ++other) {
        double* rest = &q[other * length];
        const double share = dot(vector, rest, length);
        for (size_t i = 0; i < length; ++i) rest[i] -= share * vector[i];
      }
    }
    for (size_t i = 0; i < out.size(); ++i) {
      const size_t place = rows < columns ? i : i % count * length + i / count;
      out[i] = static_cast<float>(gain_) * static_cast<float>(q[place]);
    }
  }

 private:
  static double dot(const double* a, const double* b, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; ++i) sum += a[i] * b[i];
    return sum;
  }

  double gain_;
};

/// gain on the diagonal of a matrix, 0 elsewhere.
class Identity : public Initializer {
 public:
  explicit Identity(ConfigReader& reader) : gain_(reader.number("gain", 1.0)) {}
  const char* className() const override { return "Identity"; }
  Json config() const override { return {{"gain", gain_}}; }
  void check(const std::vector<int64_t>& sizes, const std::string& weight) const override {
    requireRank(sizes.size() == 2, className(), "two", sizes, weight);
  }
  void fill(std::span<float> out, const std::vector<int64_t>& sizes,
            const PhiloxStream&) const override {
    const auto columns = static_cast<size_t>(sizes.back());
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = i / columns == i % columns ? static_cast<float>(gain_) : 0.0f;
    }
  }

 private:
  double gain_;
};

}  // namespace

std::unique_ptr<Initializer> makeOrthogonal(ConfigReader& reader) {
  return std::make_unique<Orthogonal>(reader);
}
std::unique_ptr<Initializer> makeIdentity(ConfigReader& reader) {
  return std::make_unique<Identity>(reader);
}

}  // namespace tabtrain
