#include "checkpoint/restore_plan.h"

#include <gtest/gtest.h>

#include "checkpoint/keras_checkpoint.h"
#include "checkpoint/object_tree.h"
#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

using testing::codeOf;
using testing::miniAdam;
using testing::miniModel;
using testing::readTestBundle;
using testing::toFloats;
using testing::withoutValues;

constexpr auto kLegacy = OptimizerGeneration::Legacy;
constexpr auto kNew = OptimizerGeneration::New;

BundleFiles writeTree(const ObjectTree& tree) {
  const ObjectTree::Layout layout = tree.layOut();
  BundleWriter writer;
  for (const auto& [key, value] : layout.tensors) {
    writer.add(key, toTensorflowDType(value.dtype), value.shape, value.bytes);
  }
  const Bytes graph = serializeObjectGraph(layout.graph);
  writer.addStrings(std::string(kObjectGraphKey), {}, {asText(graph)});
  return writer.finish();
}

class CheckpointRestore : public ::testing::Test {
 protected:
  /// Keeps the files, since a plan holds views of them.
  RestorePlan match(BundleFiles files, const ModelState& wanted) {
    const BundleFiles& kept = files_.emplace_back(std::move(files));
    return matchCheckpoint(Bundle(kept.index, {kept.data}), wanted);
  }
  ModelState model(std::optional<OptimizerGeneration> generation = {}) {
    ModelState state = miniModel(pool_);
    if (generation) state.optimizer = miniAdam(pool_, *generation);
    return state;
  }
  ModelState wanted(std::optional<OptimizerGeneration> generation = {}) {
    return withoutValues(model(generation));
  }

  void expectWeights(const RestorePlan& plan) {
    const ModelState state = model();
    size_t next = 0;
    for (const auto& layer : state.layers) {
      for (const auto& variable : layer.variables) {
        ASSERT_TRUE(plan.variables.at(next).stored) << variable.fullName;
        EXPECT_EQ(asText(plan.variables[next++].stored->value.bytes), asText(variable.value.bytes));
      }
    }
  }

  void expectAdam(const RestorePlan& plan, bool scalars = true) {
    ASSERT_TRUE(plan.optimizer);
    if (scalars) {
      EXPECT_EQ(plan.optimizer->iterations, 1600);
    }
    const OptimizerState adam = miniAdam(pool_, kNew);
    for (size_t s = 0; s < adam.slots.size(); ++s) {
      EXPECT_EQ(plan.optimizer->slots.at(s).name, adam.slots[s].name);
      for (size_t i = 0; i < adam.slots[s].values.size(); ++i) {
        ASSERT_TRUE(plan.optimizer->slots[s].values.at(i));
        EXPECT_EQ(asText(plan.optimizer->slots[s].values[i]->value.bytes),
                  asText(adam.slots[s].values[i].bytes));
      }
    }
  }

  testing::TensorPool pool_;
  std::deque<BundleFiles> files_;
};

// The files of data/mini come from an independent writer.
TEST_F(CheckpointRestore, WritesTheSameBytesAsTheIndependentWriter) {
  const auto expectSame = [](const std::string& name, const ModelState& state) {
    const BundleFiles expected = readTestBundle("cpp/data/mini/" + name);
    const BundleFiles written = writeCheckpoint(state);
    EXPECT_TRUE(written.index == expected.index) << name;
    EXPECT_TRUE(written.data == expected.data) << name;
    const BundleFiles again = rewrite(Bundle(expected.index, {expected.data}));
    EXPECT_TRUE(again.index == expected.index && again.data == expected.data) << name;
  };
  ModelState state = model();
  state.rootEdge = false;
  expectSame("weights", state);
  state.optimizer = miniAdam(pool_, kLegacy);
  state.optimizer->built = false;
  expectSame("unbuilt", state);
  expectSame("legacy", model(kLegacy));
  expectSame("new", model(kNew));
}

TEST_F(CheckpointRestore, ReadsTheIndependentWritersFiles) {
  for (const std::string name :
       {"weights", "unbuilt", "legacy", "new", "slots-only", "positions-only"}) {
    expectWeights(match(readTestBundle("cpp/data/mini/" + name), wanted()));
  }
  expectAdam(match(readTestBundle("cpp/data/mini/legacy"), wanted(kLegacy)));
  expectAdam(match(readTestBundle("cpp/data/mini/new"), wanted(kNew)));
  expectAdam(match(readTestBundle("cpp/data/mini/positions-only"), wanted(kNew)));
  EXPECT_FALSE(match(readTestBundle("cpp/data/mini/weights"), wanted(kNew)).optimizer);
  EXPECT_FALSE(match(readTestBundle("cpp/data/mini/unbuilt"), wanted(kLegacy)).optimizer);
}

TEST_F(CheckpointRestore, SlotsWithoutScalarsLeaveTheScalarsAlone) {
  const BundleFiles files = readTestBundle("cpp/data/mini/slots-only");
  const RestorePlan plan = match(files, wanted(kLegacy));
  expectAdam(plan, false);
  EXPECT_EQ(plan.optimizer->iterations, std::nullopt);
  EXPECT_TRUE(plan.optimizer->hypers.empty());
  EXPECT_TRUE(plan.missingInFile.empty()) << "OptimizerV2 has no scalars before its first step";
  ModelState built = wanted(kLegacy);
  built.optimizer->built = true;
  EXPECT_EQ(match(files, built).missingInFile,
            (std::vector<std::string>{"Adam/iter", "Adam/learning_rate", "Adam/beta_1",
                                      "Adam/beta_2", "Adam/decay"}));
}

TEST_F(CheckpointRestore, AdamGoesOnFromTheOtherGenerationsFile) {
  const RestorePlan fromLegacy = match(readTestBundle("cpp/data/mini/legacy"), wanted(kNew));
  expectAdam(fromLegacy);
  EXPECT_EQ(fromLegacy.optimizer->fileGeneration, kLegacy);
  EXPECT_EQ(fromLegacy.optimizer->hypers.size(), 4u);
  EXPECT_TRUE(fromLegacy.unusedInFile.empty());
  const RestorePlan fromNew = match(readTestBundle("cpp/data/mini/new"), wanted(kLegacy));
  expectAdam(fromNew);
  EXPECT_EQ(fromNew.optimizer->fileGeneration, kNew);
  EXPECT_EQ(fromNew.optimizer->hypers,
            (std::vector<std::pair<std::string, float>>{{"learning_rate", 0.001f}}));
}

TEST_F(CheckpointRestore, OptimizerLayoutChoosesTheForm) {
  const BundleFiles legacy = writeCheckpoint(model(kLegacy));
  const BundleFiles newer = writeCheckpoint(model(kNew));
  EXPECT_TRUE(writeCheckpoint(model(kNew), OptimizerLayout::Legacy).index == legacy.index);
  EXPECT_TRUE(writeCheckpoint(model(kLegacy), OptimizerLayout::New).index == newer.index);
  EXPECT_TRUE(writeCheckpoint(model(kLegacy), OptimizerLayout::Auto).index == legacy.index);
  EXPECT_TRUE(writeCheckpoint(model(kLegacy), OptimizerLayout::None).index ==
              writeCheckpoint(model()).index);
}

TEST_F(CheckpointRestore, StateThatDoesNotConvertIsRefused) {
  for (const auto& [from, to] : {std::pair{kLegacy, kNew}, std::pair{kNew, kLegacy}}) {
    ModelState state = model(from);
    state.optimizer->className = state.optimizer->name = "Nadam";
    ModelState other = withoutValues(state);
    other.optimizer->generation = to;
    std::string message;
    EXPECT_EQ(codeOf([&] { match(writeCheckpoint(state), other); }, &message),
              ErrorCode::Unsupported);
    EXPECT_NE(message.find("Nadam"), std::string::npos) << message;
    const auto layout = to == kNew ? OptimizerLayout::New : OptimizerLayout::Legacy;
    EXPECT_EQ(codeOf([&] { writeCheckpoint(state, layout); }), ErrorCode::Unsupported);
    // Nothing to convert before the first step.
    state.optimizer->built = false;
    expectWeights(match(writeCheckpoint(state), other));
  }
}

TEST_F(CheckpointRestore, StateOfAnotherOptimizerIsLeftOut) {
  for (const auto generation : {kLegacy, kNew}) {
    ModelState other = wanted(generation);
    other.optimizer->className = other.optimizer->name = "Nadam";
    const RestorePlan plan = match(writeCheckpoint(model(generation)), other);
    expectWeights(plan);
    EXPECT_FALSE(plan.optimizer);
    EXPECT_EQ(plan.unusedInFile.size(), generation == kLegacy ? 13u : 10u);
  }
}

TEST_F(CheckpointRestore, NewSgdWithoutMomentumStillHasItsListInTheFile) {
  ModelState state = model();
  OptimizerState sgd;
  sgd.className = sgd.name = "SGD";
  sgd.hypers = {{"learning_rate", 0.5f}};
  sgd.iterations = 4;
  sgd.built = true;
  state.optimizer = sgd;
  const BundleFiles files = writeCheckpoint(state);
  const auto listed = listVariables(files.index);
  EXPECT_EQ(listed.size(), 1u + 4u + 2u + 4u);
  const Bundle bundle(files.index, {files.data});
  const auto* zeros = bundle.find("optimizer/_variables/1/.ATTRIBUTES/VARIABLE_VALUE");
  ASSERT_NE(zeros, nullptr);
  EXPECT_EQ(toFloats(bundle.tensorBytes(*zeros)), std::vector<float>(20, 0.0f));
  const RestorePlan plan = match(files, withoutValues(state));
  EXPECT_EQ(plan.optimizer->iterations, 4);
  EXPECT_TRUE(plan.unusedInFile.empty());
  EXPECT_TRUE(plan.missingInFile.empty());
}

TEST_F(CheckpointRestore, FileWithOptimizerIntoAnUncompiledModelLeavesItUnused) {
  const RestorePlan plan = match(writeCheckpoint(model(kLegacy)), wanted());
  expectWeights(plan);
  EXPECT_EQ(plan.unusedInFile.size(), 13u);
  EXPECT_EQ(plan.restored.size(), 4u);
}

TEST_F(CheckpointRestore, FileWithoutOptimizerReportsWhatIsMissing) {
  const BundleFiles files = writeCheckpoint(model());
  EXPECT_TRUE(match(files, wanted(kLegacy)).missingInFile.empty());
  EXPECT_EQ(match(files, wanted(kNew)).missingInFile,
            (std::vector<std::string>{"iteration", "learning_rate"}));
  ModelState built = wanted(kNew);
  built.optimizer->built = true;
  const auto missing = match(files, built).missingInFile;
  ASSERT_EQ(missing.size(), 10u);
  EXPECT_EQ(missing[2], "Adam/m/dense/kernel");
}

TEST_F(CheckpointRestore, EitherSetOfLayerNamesIsEnoughAndKeysAreFree) {
  for (const bool weightedNames : {true, false}) {
    ObjectTree tree;
    const ModelState state = model();
    size_t weighted = 0;
    for (size_t i = 0; i < state.layers.size(); ++i) {
      const auto layer = tree.addObject();
      const auto& variables = state.layers[i].variables;
      if (weightedNames && !variables.empty()) {
        tree.addChild(tree.root(), "layer_with_weights-" + std::to_string(weighted++), layer);
      } else if (!weightedNames) {
        tree.addChild(tree.root(), "layer-" + std::to_string(i), layer);
      }
      for (const auto& variable : variables) {
        tree.addChild(layer, variable.attribute, tree.addVariable("", variable.value));
      }
    }
    expectWeights(match(writeTree(tree), wanted(kNew)));
  }
}

TEST_F(CheckpointRestore, ModelInsideATrainCheckpointIsFound) {
  for (const std::string name : {"legacy-adam-checkpoint-save/ckpt-1", "new-adam-manager/ckpt-3"}) {
    const BundleFiles files = readTestBundle("golden/checkpoints/tf2.21/" + name);
    ModelState state;
    state.layers = {{"dense",
                     {{"kernel", "dense/kernel", {DType::Float32, {5, 4}, {}}},
                      {"bias", "dense/bias", {DType::Float32, {4}, {}}}}},
                    {"dropout", {}},
                    {"dense_1",
                     {{"kernel", "dense_1/kernel", {DType::Float32, {4, 3}, {}}},
                      {"bias", "dense_1/bias", {DType::Float32, {3}, {}}}}}};
    const RestorePlan plan = match(files, state);
    EXPECT_TRUE(plan.missingInFile.empty()) << name;
    for (const auto& key : plan.unusedInFile) EXPECT_NE(key.find("optimizer"), std::string::npos);
  }
}

TEST_F(CheckpointRestore, OptimizerBesideTheModelIsFound) {
  ObjectTree tree;
  const ModelState state = model();
  const auto inner = tree.addObject();
  tree.addChild(tree.root(), "model", inner);
  const auto layer = tree.addObject();
  tree.addChild(inner, "layer-0", layer);
  const auto kernel = tree.addVariable("dense/kernel", state.layers[0].variables[0].value);
  tree.addChild(layer, "kernel", kernel);
  const auto optimizer = tree.addObject();
  tree.addChild(tree.root(), "optimizer", optimizer);
  tree.addSlot(optimizer, kernel, "m",
               tree.addVariable("Adam/dense/kernel/m", pool_.floats({4, 5}, 9)));
  const RestorePlan plan = match(writeTree(tree), wanted(kLegacy));
  ASSERT_TRUE(plan.optimizer);
  ASSERT_TRUE(plan.optimizer->slots[0].values[0]);
  EXPECT_EQ(toFloats(plan.optimizer->slots[0].values[0]->value.bytes)[0], 9.0f);
  EXPECT_FALSE(plan.optimizer->slots[0].values[1]);
}

TEST_F(CheckpointRestore, MismatchNamesVariableExpectedAndCame) {
  const BundleFiles files = writeCheckpoint(model(kLegacy));
  ModelState other = wanted(kLegacy);
  other.layers[2].variables[0].value.shape = {5, 7};
  std::string message;
  EXPECT_EQ(codeOf([&] { match(files, other); }, &message), ErrorCode::ShapeMismatch);
  EXPECT_NE(message.find("dense_1/kernel"), std::string::npos) << message;
  EXPECT_NE(message.find("float32 [5, 7]"), std::string::npos) << message;
  EXPECT_NE(message.find("float32 [5, 3]"), std::string::npos) << message;
  other = wanted(kLegacy);
  other.layers[0].variables[1].value.dtype = DType::Int32;
  EXPECT_EQ(codeOf([&] { match(files, other); }), ErrorCode::ShapeMismatch);
}

TEST_F(CheckpointRestore, SlotsAndScalarsOfAnotherShapeAreRefused) {
  for (const auto generation : {kLegacy, kNew}) {
    ModelState state = model(generation);
    state.optimizer->slots[1].values[2] = pool_.floats({3, 5}, 0);
    EXPECT_EQ(codeOf([&] { match(writeCheckpoint(state), wanted(generation)); }),
              ErrorCode::ShapeMismatch);
  }
  ObjectTree tree;
  const auto layer = tree.addObject();
  tree.addChild(tree.root(), "layer-0", layer);
  const ModelState state = model();
  tree.addChild(layer, "kernel", tree.addVariable("", state.layers[0].variables[0].value));
  const auto optimizer = tree.addObject();
  tree.addChild(tree.root(), "optimizer", optimizer);
  tree.addChild(optimizer, "iter", tree.addVariable("Adam/iter", pool_.floats({}, 3)));
  EXPECT_EQ(codeOf([&] { match(writeTree(tree), wanted(kLegacy)); }), ErrorCode::ShapeMismatch);
}

TEST_F(CheckpointRestore, NegativeIterationsAreRefused) {
  ModelState state = model(kNew);
  state.optimizer->iterations = -1;
  EXPECT_EQ(codeOf([&] { match(writeCheckpoint(state), wanted(kNew)); }), ErrorCode::CorruptFile);
}

TEST_F(CheckpointRestore, PositionsOfAnotherCountAreRefused) {
  ModelState other = wanted(kNew);
  other.optimizer->slots.push_back({"vhat", other.optimizer->slots[0].values});
  EXPECT_EQ(codeOf([&] { match(readTestBundle("cpp/data/mini/positions-only"), other); }),
            ErrorCode::ShapeMismatch);
}

TEST_F(CheckpointRestore, NothingInCommonIsRefusedLikeInKeras) {
  ModelState other;
  other.layers = {{"gru", {{"cell", "gru/cell", {DType::Float32, {2}, {}}}}}};
  std::string message;
  EXPECT_EQ(codeOf([&] { match(writeCheckpoint(model()), other); }, &message),
            ErrorCode::InvalidArgument);
  EXPECT_NE(message.find("gru/cell"), std::string::npos) << message;
}

TEST_F(CheckpointRestore, FewerLayersInTheFileAreReported) {
  ModelState small = model();
  small.layers.pop_back();
  const RestorePlan plan = match(writeCheckpoint(small), wanted());
  EXPECT_EQ(plan.missingInFile, (std::vector<std::string>{"dense_1/kernel", "dense_1/bias"}));
}

TEST_F(CheckpointRestore, FilesWithoutOrWithABrokenGraphAreRefused) {
  BundleWriter plain;
  plain.add("dense/kernel", TensorflowDType::Float, {}, Bytes(4));
  EXPECT_EQ(codeOf([&] { match(plain.finish(), wanted()); }), ErrorCode::Unsupported);

  BundleWriter number;
  number.add(std::string(kObjectGraphKey), TensorflowDType::Float, {}, Bytes(4));
  EXPECT_EQ(codeOf([&] { match(number.finish(), wanted()); }), ErrorCode::CorruptFile);

  BundleWriter two;
  two.addStrings(std::string(kObjectGraphKey), {2}, {"", ""});
  EXPECT_EQ(codeOf([&] { match(two.finish(), wanted()); }), ErrorCode::CorruptFile);

  // The graph names a key that is not there.
  ObjectGraph graph;
  graph.nodes.resize(3);
  graph.nodes[0].children = {{1, "layer-0"}};
  graph.nodes[1].children = {{2, "kernel"}};
  graph.nodes[2].attributes = {{"VARIABLE_VALUE", "", "gone", false}};
  const Bytes bytes = serializeObjectGraph(graph);
  BundleWriter dangling;
  dangling.addStrings(std::string(kObjectGraphKey), {}, {asText(bytes)});
  EXPECT_EQ(codeOf([&] { match(dangling.finish(), wanted()); }), ErrorCode::CorruptFile);
}

TEST_F(CheckpointRestore, CyclesDoNotMatter) {
  const ModelState state = model();
  ObjectTree tree;
  const auto layer = tree.addObject();
  tree.addChild(tree.root(), "layer-0", layer);
  tree.addChild(layer, "kernel", tree.addVariable("", state.layers[0].variables[0].value));
  tree.addChild(layer, "bias", layer);
  tree.addChild(layer, "up", tree.root());
  tree.addChild(tree.root(), "layer-2", tree.root());
  tree.addChild(tree.root(), "optimizer", tree.root());
  const RestorePlan plan = match(writeTree(tree), wanted(kNew));
  EXPECT_TRUE(plan.variables[0].stored);
  EXPECT_FALSE(plan.variables[1].stored);
}

TEST_F(CheckpointRestore, ChecksumsOfUnusedTensorsAreVerifiedToo) {
  BundleFiles files = writeCheckpoint(model(kLegacy));
  const Bundle bundle(files.index, {files.data});
  const auto* unused = bundle.find("optimizer/beta_1/.ATTRIBUTES/VARIABLE_VALUE");
  files.data[unused->offset] ^= std::byte{1};
  EXPECT_EQ(codeOf([&] { match(files, wanted()); }), ErrorCode::CorruptFile);
}

TEST_F(CheckpointRestore, StatesThatContradictThemselvesAreNotWritten) {
  ModelState state = model(kNew);
  state.optimizer->slots[0].values.pop_back();
  EXPECT_EQ(codeOf([&] { writeCheckpoint(state); }), ErrorCode::InvalidArgument);
  state = model();
  state.layers[0].variables[1].attribute = "kernel";
  EXPECT_EQ(codeOf([&] { writeCheckpoint(state); }), ErrorCode::InvalidArgument);
  state = model();
  state.layers[0].variables[0].value.shape = {4, 6};
  EXPECT_EQ(codeOf([&] { writeCheckpoint(state); }), ErrorCode::InvalidArgument);
  state = model(kNew);
  state.optimizer->className = "Unheard";
  EXPECT_EQ(codeOf([&] { writeCheckpoint(state); }), ErrorCode::Unsupported);
}

}  // namespace
}  // namespace tabtrain
