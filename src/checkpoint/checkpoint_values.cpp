#include "checkpoint/checkpoint_values.h"

#include <bit>

#include "base/error.h"
#include "checkpoint/widen.h"

namespace tabtrain {
namespace {

/// Kept by tf.train.Checkpoint.save, not part of a model.
constexpr std::string_view kSaveCounterKey = "save_counter/.ATTRIBUTES/VARIABLE_VALUE";

std::string describe(const char* dtype, const std::vector<int64_t>& shape) {
  std::string out = std::string(dtype) + " [";
  for (size_t i = 0; i < shape.size(); ++i) {
    out += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return out + "]";
}

ObjectGraph readGraph(const Bundle& bundle) {
  const BundleEntry* entry = bundle.find(kObjectGraphKey);
  if (entry == nullptr) {
    throw Error(ErrorCode::Unsupported,
                "checkpoint: has no object graph (no key " + quoted(kObjectGraphKey) +
                    "): it was not written by Keras or tf.train.Checkpoint of TensorFlow 2");
  }
  const auto values = bundle.strings(*entry);
  if (values.size() != 1) {
    throw Error(ErrorCode::CorruptFile, "checkpoint: the object graph is " +
                                            std::to_string(values.size()) + " strings, expected 1");
  }
  return parseObjectGraph(asBytes(values[0]));
}

template <typename Number>
Number littleEndian(ByteSpan bytes) {
  Number value = 0;
  for (size_t i = 0; i < sizeof(Number); ++i) {
    value |= std::to_integer<Number>(bytes[i]) << (8 * i);
  }
  return value;
}

}  // namespace

CheckpointValues::CheckpointValues(const Bundle& bundle) : bundle_(bundle) {
  bundle.verify();
  graph_ = readGraph(bundle);
}

CheckpointValues::Children CheckpointValues::children(uint32_t id) const {
  Children byName;
  for (const auto& child : node(id).children) byName.try_emplace(child.name, child.node);
  return byName;
}

const BundleEntry* CheckpointValues::entry(uint32_t id) const {
  const ObjectGraph::Attribute* variable = node(id).variable();
  if (variable == nullptr) return nullptr;
  const BundleEntry* found = bundle_.find(variable->key);
  if (found == nullptr) {
    throw Error(ErrorCode::CorruptFile, "checkpoint: the object graph names key " +
                                            quoted(variable->key) + ", which is not in the index");
  }
  return found;
}

std::optional<RestoredTensor> CheckpointValues::take(uint32_t id, const TensorView& expected,
                                                     const std::string& name) {
  const BundleEntry* stored = entry(id);
  if (stored == nullptr) return std::nullopt;
  const bool converts = expected.dtype == DType::Float32 && isOtherFloat(stored->dtype);
  const bool fits = converts || toDType(stored->dtype) == expected.dtype;
  if (!fits || stored->shape != expected.shape) {
    throw Error(ErrorCode::ShapeMismatch,
                "loading a checkpoint: variable " + quoted(name) + " is " +
                    describe(dtypeName(expected.dtype), expected.shape) + ", the file has " +
                    describe(tensorflowDTypeName(stored->dtype), stored->shape));
  }
  used_.insert(stored->key);
  // The constructor has verified the checksum.
  ByteSpan bytes = bundle_.tensorBytesUnchecked(*stored);
  if (converts) {
    ++conversions_[stored->dtype];
    bytes = converted_.emplace_back(toFloat32(stored->dtype, bytes));
  }
  return RestoredTensor{stored->key, {expected.dtype, stored->shape, bytes}};
}

std::vector<std::string> CheckpointValues::notes() const {
  std::vector<std::string> sentences;
  for (const auto& [dtype, count] : conversions_) {
    sentences.push_back(std::to_string(count) + " values are " + tensorflowDTypeName(dtype) +
                        " in the file and were converted to float32");
  }
  return sentences;
}

std::optional<float> CheckpointValues::takeFloat(uint32_t id, const std::string& name) {
  const auto stored = take(id, {DType::Float32, {}, {}}, name);
  if (!stored) return std::nullopt;
  return std::bit_cast<float>(littleEndian<uint32_t>(stored->value.bytes));
}

std::optional<int64_t> CheckpointValues::takeInt64(uint32_t id, const std::string& name) {
  const auto stored = take(id, {DType::Int64, {}, {}}, name);
  if (!stored) return std::nullopt;
  return std::bit_cast<int64_t>(littleEndian<uint64_t>(stored->value.bytes));
}

void CheckpointValues::ignore(uint32_t id) {
  if (const BundleEntry* stored = entry(id)) used_.insert(stored->key);
}

std::vector<std::string> CheckpointValues::unusedKeys() const {
  std::vector<std::string> unused;
  for (const BundleEntry& stored : bundle_.entries()) {
    if (stored.key == kObjectGraphKey || stored.key == kSaveCounterKey) continue;
    if (!used_.contains(stored.key)) unused.push_back(stored.key);
  }
  return unused;
}

std::optional<uint32_t> findChild(const CheckpointValues::Children& children,
                                  std::string_view name) {
  const auto found = children.find(name);
  if (found == children.end()) return std::nullopt;
  return found->second;
}

}  // namespace tabtrain
