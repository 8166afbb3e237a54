#include "checkpoint/object_graph.h"

#include <gtest/gtest.h>

#include "checkpoint/object_tree.h"
#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

using testing::codeOf;

TEST(CheckpointObjectGraph, KeepsEveryFieldThroughBytes) {
  ObjectGraph graph;
  graph.nodes.resize(3);
  graph.nodes[0].children = {{1, "layer"}, {0, "root"}};
  graph.nodes[0].hasCheckpointValues = true;
  graph.nodes[1].attributes = {
      {"VARIABLE_VALUE", "dense/kernel", "a/.ATTRIBUTES/VARIABLE_VALUE", true}};
  graph.nodes[1].saver = ObjectGraph::Saver{"saver", "object"};
  graph.nodes[2].slots = {{1, "m", 2}};
  graph.nodes[2].hasCheckpointValues = false;
  const Bytes bytes = serializeObjectGraph(graph);
  const ObjectGraph read = parseObjectGraph(bytes);
  EXPECT_EQ(serializeObjectGraph(read), bytes);
  ASSERT_EQ(read.nodes.size(), 3u);
  EXPECT_EQ(read.nodes[0].child("root"), 0u);
  EXPECT_EQ(read.nodes[0].child("other"), std::nullopt);
  EXPECT_EQ(read.nodes[1].variable()->fullName, "dense/kernel");
  EXPECT_TRUE(read.nodes[1].attributes[0].optionalRestore);
  EXPECT_EQ(read.nodes[1].saver->objectName, "object");
  EXPECT_EQ(read.nodes[1].hasCheckpointValues, std::nullopt);
  EXPECT_EQ(read.nodes[2].slots[0].name, "m");
  EXPECT_EQ(read.nodes[2].hasCheckpointValues, false);
}

TEST(CheckpointObjectGraph, EmptyNodeIsWrittenAsTensorFlowWritesIt) {
  ObjectGraph graph;
  graph.nodes.resize(1);
  graph.nodes[0].children = {{0, "root"}};
  markCheckpointValues(graph);
  // nodes=1 { children=1 { local_name=2 "root" } has_checkpoint_values=5 {} }
  EXPECT_EQ(asText(serializeObjectGraph(graph)),
            std::string("\x0a\x0a\x0a\x06\x12\x04root\x2a\0", 12));
}

TEST(CheckpointObjectGraph, ValuesAreMarkedThroughCycles) {
  ObjectGraph graph;
  graph.nodes.resize(5);
  graph.nodes[0].children = {{1, "a"}, {3, "c"}};
  graph.nodes[1].children = {{2, "b"}};
  graph.nodes[2].children = {{1, "back"}, {4, "value"}};
  graph.nodes[3].children = {{3, "itself"}};
  graph.nodes[4].attributes = {{"VARIABLE_VALUE", "v", "v", false}};
  markCheckpointValues(graph);
  const std::vector<bool> expected = {true, true, true, false, true};
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(graph.nodes[i].hasCheckpointValues, expected[i]) << i;
  }
}

TEST(CheckpointObjectGraph, MalformedGraphsAreRefused) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"empty", ""},
      {"length beyond the end", "\x0a\x7f"},
      {"length of 2^64 - 1", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
      {"varint without end", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
      {"field number 0", std::string("\2\0", 2)},
      {"group", "\x0b"},
      {"child that is not there", "\x0a\x04\x0a\x02\x08\x01"},
      {"child -1", "\x0a\x0d\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
      {"slot variable that is not there", "\x0a\x04\x1a\x02\x18\x05"},
      {"slot of a variable that is not there", "\x0a\x04\x1a\x02\x08\x05"},
      {"node as a varint", "\x08\x01"},
      {"name that is not UTF-8", "\x0a\x05\x0a\x03\x12\x01\xff"},
      {"name as a varint", "\x0a\x04\x0a\x02\x10\x01"},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(codeOf([&] { parseObjectGraph(asBytes(test.second)); }), ErrorCode::CorruptFile)
        << test.first;
  }
}

TEST(CheckpointObjectGraph, MoreNodesThanAnyModelHasAreRefused) {
  ByteWriter nodes;
  for (int i = 0; i <= 1 << 20; ++i) nodes.writeText(std::string_view("\x0a\0", 2));
  EXPECT_EQ(codeOf([&] { parseObjectGraph(nodes.view()); }), ErrorCode::Unsupported);
  ByteWriter children;
  for (int i = 0; i <= 1 << 20; ++i) children.writeText(std::string_view("\x0a\0", 2));
  ByteWriter graph;
  graph.writeByte(0x0a);
  graph.writeVarint(children.size());
  graph.writeBytes(children.view());
  EXPECT_EQ(codeOf([&] { parseObjectGraph(graph.view()); }), ErrorCode::Unsupported);
}

TEST(CheckpointObjectTree, NumbersBreadthFirstAndNamesByTheShortestPath) {
  testing::TensorPool pool;
  ObjectTree tree;
  const auto list = tree.addObject();
  const auto shared = tree.addVariable("shared", pool.floats({}, 1));
  const auto deep = tree.addVariable("deep", pool.floats({}, 2));
  tree.addChild(tree.root(), "list", list);
  tree.addChild(list, "0", shared);
  tree.addChild(list, "a.b/c", deep);
  tree.addChild(tree.root(), "near", shared);
  tree.addChild(tree.root(), "self", tree.root());
  const ObjectTree::Layout layout = tree.layOut();
  ASSERT_EQ(layout.tensors.size(), 2u);
  EXPECT_EQ(layout.tensors[0].key, "near/.ATTRIBUTES/VARIABLE_VALUE");
  EXPECT_EQ(layout.tensors[1].key, "list/a..b.Sc/.ATTRIBUTES/VARIABLE_VALUE");
  EXPECT_EQ(layout.graph.nodes[0].child("near"), 2u);
  EXPECT_EQ(layout.graph.nodes[0].child("self"), 0u);
  EXPECT_EQ(layout.graph.nodes[1].child("0"), 2u);
}

TEST(CheckpointObjectTree, SlotsComeLastByNameThenByVariable) {
  testing::TensorPool pool;
  ObjectTree tree;
  const auto a = tree.addVariable("a", pool.floats({}, 1));
  const auto b = tree.addVariable("b", pool.floats({}, 2));
  const auto optimizer = tree.addObject();
  tree.addChild(tree.root(), "optimizer", optimizer);
  tree.addChild(tree.root(), "a", a);
  tree.addChild(tree.root(), "b", b);
  tree.addSlot(optimizer, b, "m", tree.addVariable("b/m", pool.floats({}, 3)));
  tree.addSlot(optimizer, b, "v", tree.addVariable("b/v", pool.floats({}, 4)));
  tree.addSlot(optimizer, a, "v", tree.addVariable("a/v", pool.floats({}, 5)));
  tree.addSlot(optimizer, a, "m", tree.addVariable("a/m", pool.floats({}, 6)));
  std::vector<std::string> keys;
  for (const auto& tensor : tree.layOut().tensors) keys.push_back(tensor.key);
  const std::string value = "/.ATTRIBUTES/VARIABLE_VALUE";
  const std::string slot = "/.OPTIMIZER_SLOT/optimizer/";
  EXPECT_EQ(keys, (std::vector<std::string>{"a" + value, "b" + value, "a" + slot + "m" + value,
                                            "b" + slot + "m" + value, "a" + slot + "v" + value,
                                            "b" + slot + "v" + value}));
}

TEST(CheckpointObjectTree, TwoValuesUnderOneKeyAreRefused) {
  testing::TensorPool pool;
  ObjectTree tree;
  tree.addChild(tree.root(), "a", tree.addVariable("a", pool.floats({}, 1)));
  tree.addChild(tree.root(), "a", tree.addVariable("a", pool.floats({}, 2)));
  EXPECT_EQ(codeOf([&] { tree.layOut(); }), ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace tabtrain
