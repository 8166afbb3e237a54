#pragma once

#include <vector>

#include "graph/graph.h"

namespace tabtrain {

/// What the executor does at once: one kernel over whole tensors, or a run of elementwise nodes
/// (assignments of variables among them) chunk by chunk, so that only what others need of it
/// touches memory. A run may be fed by the rows of a matrix-like `producer`, tile by tile.
struct Step {
  std::vector<NodeId> nodes;
  bool isElementwise = false;
  Dim elements;          // of each value of an elementwise run
  NodeId producer = -1;  // a node with a `rows` kernel whose output nobody else reads
};

/// Orders and fuses what `fetches` and the graph's assignments need. Dead nodes are left out. Every
/// assignment comes after all reads of its variable. The result depends on the graph alone.
std::vector<Step> makeSteps(const Graph& graph, const std::vector<ValueId>& fetches);

/// The value whose memory `id` shares: itself, or what it is a view of.
ValueId storageOf(const Graph& graph, ValueId id);

}  // namespace tabtrain
