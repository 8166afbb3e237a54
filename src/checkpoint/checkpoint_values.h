#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "checkpoint/bundle.h"
#include "checkpoint/object_graph.h"
#include "checkpoint/restore_plan.h"

namespace tabtrain {

/// A checkpoint seen through its object graph: children by name, and the values of variables. Keeps
/// book of the keys that were taken.
class CheckpointValues {
 public:
  /// Verifies the whole bundle. Throws Unsupported if it has no object graph.
  explicit CheckpointValues(const Bundle& bundle);

  using Children = std::unordered_map<std::string_view, uint32_t>;

  const ObjectGraph::Node& node(uint32_t id) const { return graph_.nodes[id]; }
  Children children(uint32_t id) const;

  /// The stored value of a variable node; null for a node that is no variable. Throws CorruptFile
  /// if its key is not in the file.
  const BundleEntry* entry(uint32_t id) const;

  /// The value of a variable node, nothing if it is none. Floats of another width are converted
  /// where float32 is expected. Throws ShapeMismatch, calling the variable `name`, unless dtype and
  /// shape are those of `expected`.
  std::optional<RestoredTensor> take(uint32_t id, const TensorView& expected,
                                     const std::string& name);
  std::optional<float> takeFloat(uint32_t id, const std::string& name);
  std::optional<int64_t> takeInt64(uint32_t id, const std::string& name);
  /// Counts a value as used without reading it.
  void ignore(uint32_t id);

  /// Keys of values that nobody took, apart from the file's own bookkeeping.
  std::vector<std::string> unusedKeys() const;

  /// What was converted: the bytes of taken values, and a sentence for each dtype.
  std::vector<Bytes> releaseConverted() { return std::move(converted_); }
  std::vector<std::string> notes() const;

 private:
  const Bundle& bundle_;
  ObjectGraph graph_;
  std::set<std::string_view> used_;
  std::vector<Bytes> converted_;
  std::map<TensorflowDType, size_t> conversions_;
};

/// The node's number in `children`, if it is there.
std::optional<uint32_t> findChild(const CheckpointValues::Children& children,
                                  std::string_view name);

}  // namespace tabtrain
