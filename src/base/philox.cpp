#include "base/philox.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

namespace tabtrain {
namespace {

constexpr uint32_t kMultiplier0 = 0xD2511F53;
constexpr uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : text) hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

}  // namespace

PhiloxBlock philox(PhiloxBlock c, PhiloxKey key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t p0 = uint64_t{kMultiplier0} * c[0];
    const uint64_t p1 = uint64_t{kMultiplier1} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ key[0], static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ key[1], static_cast<uint32_t>(p0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return c;
}

float uniformFloat(uint32_t word) {
  return std::bit_cast<float>(0x3f800000u | (word & 0x7fffffu)) - 1.0f;
}

std::array<float, 4> uniformFloats(const PhiloxBlock& block) {
  std::array<float, 4> result{};
  for (size_t i = 0; i < 4; ++i) result[i] = uniformFloat(block[i]);
  return result;
}

std::array<float, 4> normalFloats(const PhiloxBlock& block) {
  constexpr float kSmallest = 1.0e-7f;
  std::array<float, 4> result{};
  for (size_t i = 0; i < 4; i += 2) {
    const float u1 = std::max(uniformFloat(block[i]), kSmallest);
    const float angle = 2.0f * std::numbers::pi_v<float> * uniformFloat(block[i + 1]);
    const float radius = std::sqrt(-2.0f * std::log(u1));
    result[i] = std::sin(angle) * radius;
    result[i + 1] = std::cos(angle) * radius;
  }
  return result;
}

PhiloxKey streamKey(uint64_t seed, std::string_view path) {
  const uint64_t hash = fnv1a(path);
  const PhiloxBlock mix =
      philox({static_cast<uint32_t>(hash), static_cast<uint32_t>(hash >> 32), 0, 0},
             {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return {mix[0], mix[1]};
}

}  // namespace tabtrain
