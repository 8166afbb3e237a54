#include <algorithm>
#include <cmath>

#include "initializers/initializer.h"

/// Glorot's (Glorot and Bengio, 2010) and He's (He et al., 2015) initializers: random weights whose
/// variance is scale / fan.
namespace tabtrain {

Fans fansOf(const std::vector<int64_t>& sizes) {
  if (sizes.empty()) return {1.0, 1.0};
  if (sizes.size() == 1) return {static_cast<double>(sizes[0]), static_cast<double>(sizes[0])};
  double receptive = 1.0;
  for (size_t i = 0; i + 2 < sizes.size(); ++i) receptive *= static_cast<double>(sizes[i]);
  return {receptive * static_cast<double>(sizes[sizes.size() - 2]),
          receptive * static_cast<double>(sizes.back())};
}

namespace {

enum class FanMode { In, Average };
enum class Distribution { Uniform, TruncatedNormal };

class VarianceScaling : public RandomInitializer {
 public:
  VarianceScaling(ConfigReader& reader, const char* className, double scale, FanMode mode,
                  Distribution distribution)
      : RandomInitializer(reader),
        className_(className),
        scale_(scale),
        mode_(mode),
        distribution_(distribution) {}

  const char* className() const override { return className_; }
  Json config() const override { return {{"seed", seedJson()}}; }
  void fill(std::span<float> out, const std::vector<int64_t>& sizes,
            const PhiloxStream& stream) const override {
    const Fans fans = fansOf(sizes);
    const double fan = mode_ == FanMode::In ? fans.in : (fans.in + fans.out) / 2.0;
    const double variance = scale_ / std::max(1.0, fan);
    if (distribution_ == Distribution::Uniform) {
      const auto limit = static_cast<float>(std::sqrt(3.0 * variance));
      fillUniform(out, streamFor(stream), -limit, limit);
    } else {
      // The standard deviation of a normal truncated at two of its own is smaller by this factor.
      constexpr double kTruncation = 0.87962566103423978;
      fillTruncatedNormal(out, streamFor(stream), 0.0f,
                          static_cast<float>(std::sqrt(variance) / kTruncation));
    }
  }

 private:
  const char* className_;
  double scale_;
  FanMode mode_;
  Distribution distribution_;
};

}  // namespace

std::unique_ptr<Initializer> makeGlorotUniform(ConfigReader& reader) {
  return std::make_unique<VarianceScaling>(reader, "GlorotUniform", 1.0, FanMode::Average,
                                           Distribution::Uniform);
}
std::unique_ptr<Initializer> makeGlorotNormal(ConfigReader& reader) {
  return std::make_unique<VarianceScaling>(reader, "GlorotNormal", 1.0, FanMode::Average,
                                           Distribution::TruncatedNormal);
}
std::unique_ptr<Initializer> makeHeUniform(ConfigReader& reader) {
  return std::make_unique<VarianceScaling>(reader, "HeUniform", 2.0, FanMode::In,
                                           Distribution::Uniform);
}
std::unique_ptr<Initializer> makeHeNormal(ConfigReader& reader) {
  return std::make_unique<VarianceScaling>(reader, "HeNormal", 2.0, FanMode::In,
                                           Distribution::TruncatedNormal);
}

}  // namespace tabtrain
