#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/class_registry.h"
#include "base/philox.h"
#include "base/variable.h"

namespace tabtrain {

/// Fills a new weight. Values are a pure function of the stream, or of the config's own seed.
class Initializer {
 public:
  virtual ~Initializer() = default;
  virtual const char* className() const = 0;
  /// `sizes` is the weight's shape, which decides fans.
  virtual void fill(std::span<float> out, const std::vector<int64_t>& sizes,
                    const PhiloxStream& stream) const = 0;
  virtual Json config() const { return Json::object(); }
  /// Throws ShapeMismatch for a weight that it cannot fill; `weight` is for errors.
  virtual void check(const std::vector<int64_t>& /*sizes*/, const std::string& /*weight*/) const {}

  virtual Json toJson() const { return ClassConfig{className(), config()}.toJson(); }
};

/// An initializer that draws random numbers; its config may fix a `seed`.
class RandomInitializer : public Initializer {
 public:
  explicit RandomInitializer(ConfigReader& reader);

 protected:
  /// The stream to draw from: TensorFlow's stateless one of [seed, 0] if the config has a seed, so
  /// that weights equal those of Keras >= 2.10 (uniform ones bit for bit); else `stream`.
  PhiloxStream streamFor(const PhiloxStream& stream) const;
  Json seedJson() const { return seed_ ? Json(*seed_) : Json(nullptr); }

 private:
  std::optional<int64_t> seed_;
};

/// TensorFlow's stateless stream of the seed [seed, 0].
PhiloxStream statelessStream(uint64_t seed);

/// From a name or a config; throws UnknownClass, InvalidArgument. `argument` is for errors.
std::unique_ptr<Initializer> makeInitializer(const Json& json, const std::string& argument);
/// The initializer under `key` of a layer's config, the class `fallback` where absent or null.
std::unique_ptr<Initializer> makeInitializer(ConfigReader& reader, const std::string& key,
                                             const char* fallback);

std::vector<std::string> initializerNames();

/// out[i] = uniform in [low, high).
void fillUniform(std::span<float> out, const PhiloxStream& stream, float low, float high);
/// out[i] = normal, by Box and Muller's transform as TensorFlow does it.
void fillNormal(std::span<float> out, const PhiloxStream& stream, float mean, float stddev);
/// A normal whose values beyond two standard deviations are drawn again, as TensorFlow does it.
void fillTruncatedNormal(std::span<float> out, const PhiloxStream& stream, float mean,
                         float stddev);

/// The fans of a weight: of a matrix its extents, of a convolution kernel those times its receptive
/// field (keras/initializers/initializers_v2.py, `_compute_fans`).
struct Fans {
  double in;
  double out;
};
Fans fansOf(const std::vector<int64_t>& sizes);

}  // namespace tabtrain
