// Command line access to TensorFlow checkpoints, for the interoperability tests.
//   bundle_tool list PREFIX          name, dtype and shape of every tensor
//   bundle_tool rewrite PREFIX OUT   reads and writes a checkpoint again (one data file)

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "base/error.h"
#include "checkpoint/keras_checkpoint.h"

namespace {

using tabtrain::Bytes;
using tabtrain::ByteSpan;

Bytes readFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw tabtrain::Error(tabtrain::ErrorCode::NotFound, "cannot read " + path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const ByteSpan bytes = tabtrain::asBytes(text);
  return {bytes.begin(), bytes.end()};
}

void writeFile(const std::string& path, ByteSpan bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(tabtrain::asText(bytes).data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw tabtrain::Error(tabtrain::ErrorCode::NotFound, "cannot write " + path);
}

std::string shardPath(const std::string& prefix, size_t shard, size_t count) {
  char suffix[32];
  std::snprintf(suffix, sizeof(suffix), ".data-%05zu-of-%05zu", shard, count);
  return prefix + suffix;
}

void list(const std::string& prefix) {
  for (const auto& variable : tabtrain::listVariables(readFile(prefix + ".index"))) {
    std::cout << variable.name << ' ' << variable.dtype << " [";
    for (size_t i = 0; i < variable.shape.size(); ++i) {
      std::cout << (i == 0 ? "" : ", ") << variable.shape[i];
    }
    std::cout << "]\n";
  }
}

void rewrite(const std::string& prefix, const std::string& out) {
  const Bytes index = readFile(prefix + ".index");
  const size_t count = tabtrain::readBundleIndex(index).shardCount;
  std::vector<Bytes> shards;
  for (size_t i = 0; i < count; ++i) shards.push_back(readFile(shardPath(prefix, i, count)));
  const tabtrain::Bundle bundle(index, {shards.begin(), shards.end()});
  const tabtrain::BundleFiles files = tabtrain::rewrite(bundle);
  writeFile(out + ".index", files.index);
  writeFile(shardPath(out, 0, 1), files.data);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  try {
    if (command == "list" && argc == 3) {
      list(argv[2]);
    } else if (command == "rewrite" && argc == 4) {
      rewrite(argv[2], argv[3]);
    } else {
      std::cerr << "usage: bundle_tool list PREFIX | bundle_tool rewrite PREFIX OUT\n";
      return 2;
    }
  } catch (const tabtrain::Error& error) {
    std::cerr << tabtrain::errorCodeName(error.code()) << ": " << error.what() << '\n';
    return 1;
  }
  return 0;
}
