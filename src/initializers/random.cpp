#include <algorithm>
#include <cmath>

#include "initializers/initializer.h"

namespace tabtrain {
namespace {

// The fixed key with which TensorFlow scrambles the seeds of its stateless random ops
// (tensorflow/core/kernels/stateless_random_ops.cc).
constexpr PhiloxKey kScrambleKey = {0x3ec8f720, 0x02461e29};

}  // namespace

PhiloxStream statelessStream(uint64_t seed) {
  const PhiloxBlock mix =
      philox({static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32), 0, 0}, kScrambleKey);
  return {{mix[0], mix[1]}, (uint64_t{mix[3]} << 32) | mix[2]};
}

RandomInitializer::RandomInitializer(ConfigReader& reader) {
  if (!reader.any("seed").is_null()) seed_ = reader.integer("seed", std::nullopt, INT64_MIN);
}

PhiloxStream RandomInitializer::streamFor(const PhiloxStream& stream) const {
  return seed_ ? statelessStream(static_cast<uint64_t>(*seed_)) : stream;
}

void fillUniform(std::span<float> out, const PhiloxStream& stream, float low, float high) {
  PhiloxBlock block{};
  for (size_t i = 0; i < out.size(); ++i) {
    if (i % 4 == 0) block = stream.block(i / 4);
    out[i] = uniformFloat(block[i % 4]) * (high - low) + low;
  }
}

void fillNormal(std::span<float> out, const PhiloxStream& stream, float mean, float stddev) {
  std::array<float, 4> normal{};
  for (size_t i = 0; i < out.size(); ++i) {
    if (i % 4 == 0) normal = normalFloats(stream.block(i / 4));
    out[i] = normal[i % 4] * stddev + mean;
  }
}

void fillTruncatedNormal(std::span<float> out, const PhiloxStream& stream, float mean,
                         float stddev) {
  constexpr float kLimit = 2.0f;
  // Four values draw from 256 blocks of their own, of which they need the first few.
  constexpr size_t kGroup = 4;
  constexpr uint64_t kBlocksPerGroup = 256;
  for (size_t begin = 0; begin < out.size(); begin += kGroup) {
    const size_t end = std::min(out.size(), begin + kGroup);
    size_t filled = begin;
    for (uint64_t index = begin / kGroup * kBlocksPerGroup; filled < end; ++index) {
      for (float normal : normalFloats(stream.block(index))) {
        if (std::abs(normal) < kLimit && filled < end) out[filled++] = normal * stddev + mean;
      }
    }
  }
}

namespace {

class RandomUniform : public RandomInitializer {
 public:
  explicit RandomUniform(ConfigReader& reader)
      : RandomInitializer(reader),
        low_(reader.number("minval", -0.05)),
        high_(reader.number("maxval", 0.05)) {}
  const char* className() const override { return "RandomUniform"; }
  Json config() const override {
    return {{"minval", low_}, {"maxval", high_}, {"seed", seedJson()}};
  }
  void fill(std::span<float> out, const std::vector<int64_t>&,
            const PhiloxStream& stream) const override {
    fillUniform(out, streamFor(stream), static_cast<float>(low_), static_cast<float>(high_));
  }

 private:
  double low_, high_;
};

class Normal : public RandomInitializer {
 public:
  Normal(ConfigReader& reader, bool isTruncated)
      : RandomInitializer(reader),
        isTruncated_(isTruncated),
        mean_(reader.number("mean", 0.0)),
        stddev_(reader.number("stddev", 0.05, 0.0)) {}
  const char* className() const override {
    return isTruncated_ ? "TruncatedNormal" : "RandomNormal";
  }
  Json config() const override {
    return {{"mean", mean_}, {"stddev", stddev_}, {"seed", seedJson()}};
  }
  void fill(std::span<float> out, const std::vector<int64_t>&,
            const PhiloxStream& stream) const override {
    (isTruncated_ ? fillTruncatedNormal : fillNormal)(
        out, streamFor(stream), static_cast<float>(mean_), static_cast<float>(stddev_));
  }

 private:
  bool isTruncated_;
  double mean_, stddev_;
};

}  // namespace

std::unique_ptr<Initializer> makeRandomUniform(ConfigReader& reader) {
  return std::make_unique<RandomUniform>(reader);
}
std::unique_ptr<Initializer> makeRandomNormal(ConfigReader& reader) {
  return std::make_unique<Normal>(reader, false);
}
std::unique_ptr<Initializer> makeTruncatedNormal(ConfigReader& reader) {
  return std::make_unique<Normal>(reader, true);
}

}  // namespace tabtrain
