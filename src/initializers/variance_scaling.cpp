#include <algorithm>
#include <array>
#include <cmath>

#include "initializers/initializer.h"

/// Random weights whose variance is scale / fan: Glorot's (Glorot and Bengio, 2010), He's (He et
/// al., 2015), LeCun's (LeCun et al., 1998), and those of any scale.
/// keras/initializers/initializers_v2.py.
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

constexpr const char* kTruncated = "truncated_normal";
constexpr const char* kUntruncated = "untruncated_normal";

struct Scaling {
  double scale = 1.0;
  std::string mode = "fan_in";
  std::string distribution = kTruncated;
};

struct Row {
  const char* className;
  double scale;
  const char* mode;
  const char* distribution;
};

constexpr std::array kRows = {
    Row{"GlorotUniform", 1.0, "fan_avg", "uniform"},
    Row{"GlorotNormal", 1.0, "fan_avg", kTruncated},
    Row{"HeUniform", 2.0, "fan_in", "uniform"},
    Row{"HeNormal", 2.0, "fan_in", kTruncated},
    Row{"LecunUniform", 1.0, "fan_in", "uniform"},
    Row{"LecunNormal", 1.0, "fan_in", kTruncated},
};

class VarianceScaling : public RandomInitializer {
 public:
  /// Without a row the scaling is a matter of the config.
  VarianceScaling(ConfigReader& reader, const Row* row) : RandomInitializer(reader), row_(row) {
    if (row != nullptr) {
      scaling_ = {row->scale, row->mode, row->distribution};
      return;
    }
    scaling_.scale = reader.number("scale", 1.0);
    if (scaling_.scale <= 0.0) reader.fail("scale", "a number greater than 0");
    scaling_.mode = reader.string("mode", scaling_.mode);
    if (scaling_.mode != "fan_in" && scaling_.mode != "fan_out" && scaling_.mode != "fan_avg") {
      reader.fail("mode", "\"fan_in\", \"fan_out\" or \"fan_avg\"");
    }
    scaling_.distribution = reader.string("distribution", kTruncated);
    if (scaling_.distribution == "normal") scaling_.distribution = kTruncated;
    if (scaling_.distribution != "uniform" && scaling_.distribution != kTruncated &&
        scaling_.distribution != kUntruncated) {
      reader.fail("distribution", "\"uniform\", \"truncated_normal\" or \"untruncated_normal\"");
    }
  }

  const char* className() const override {
    return row_ != nullptr ? row_->className : "VarianceScaling";
  }
  Json config() const override {
    Json json = Json::object();
    if (row_ == nullptr) {
      json = {{"scale", scaling_.scale},
              {"mode", scaling_.mode},
              {"distribution", scaling_.distribution}};
    }
    json["seed"] = seedJson();
    return json;
  }
  void fill(std::span<float> out, const std::vector<int64_t>& sizes,
            const PhiloxStream& stream) const override {
    const Fans fans = fansOf(sizes);
    const double fan = scaling_.mode == "fan_in"    ? fans.in
                       : scaling_.mode == "fan_out" ? fans.out
                                                    : (fans.in + fans.out) / 2.0;
    const double variance = scaling_.scale / std::max(1.0, fan);
    if (scaling_.distribution == "uniform") {
      const auto limit = static_cast<float>(std::sqrt(3.0 * variance));
      fillUniform(out, streamFor(stream), -limit, limit);
      return;
    }
    // The standard deviation of a normal truncated at two of its own is smaller by this factor.
    constexpr double kTruncation = 0.87962566103423978;
    const bool isTruncated = scaling_.distribution == kTruncated;
    const double stddev = std::sqrt(variance) / (isTruncated ? kTruncation : 1.0);
    (isTruncated ? fillTruncatedNormal : fillNormal)(out, streamFor(stream), 0.0f,
                                                     static_cast<float>(stddev));
  }

 private:
  const Row* row_;
  Scaling scaling_;
};

}  // namespace

std::unique_ptr<Initializer> makeVarianceScaling(ConfigReader& reader) {
  const Row* row = nullptr;
  for (const Row& each : kRows) {
    if (reader.className() == each.className) row = &each;
  }
  return std::make_unique<VarianceScaling>(reader, row);
}

}  // namespace tabtrain
