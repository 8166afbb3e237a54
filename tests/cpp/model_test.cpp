// What a model promises around its steps: failures leave it as it was, describing it takes no
// memory.
#include "model/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <set>

#include "allocations.h"
#include "json_printing.h"
#include "model/summary.h"

namespace tabtrain::testing {
namespace {

const char* const kUnbuilt =
    R"({"class_name": "Sequential", "config": {"layers": [
        {"class_name": "Dense", "config": {"units": 3}}]}})";

std::shared_ptr<Model> compiled(const char* config) {
  auto model = std::make_shared<Model>(config, 1);
  model->compile(
      {{"optimizer", "adam"},
       {"loss",
        {{"class_name", "SparseCategoricalCrossentropy"}, {"config", {{"from_logits", true}}}}},
       {"metrics", {"accuracy"}}});
  return model;
}

TensorPtr floats(const std::vector<int64_t>& sizes) {
  auto tensor = std::make_shared<Tensor>(DType::Float32, sizes);
  auto* values = reinterpret_cast<float*>(tensor->bytes().data());
  for (int64_t i = 0; i < tensor->count(); ++i) {
    values[i] = static_cast<float>(i * 37 % 11) / 11.0f;
  }
  return tensor;
}

TensorPtr labels(int64_t rows, uint8_t classes) {
  auto tensor = std::make_shared<Tensor>(DType::Uint8, std::vector<int64_t>{rows});
  for (int64_t i = 0; i < rows; ++i) {
    tensor->bytes()[static_cast<size_t>(i)] = std::byte{static_cast<uint8_t>(i % classes)};
  }
  return tensor;
}

FitOptions options(const Json& json) { return FitOptions(json); }
OnBatchOptions onBatch(const Json& json) { return OnBatchOptions(json); }

void finish(FitRun& run) {
  while (run.next() != FitStep::TrainEnd) {
  }
}

TEST(Model, ARefusedFitLeavesAModelWithoutShapesUnbuilt) {
  const auto model = compiled(kUnbuilt);
  const StepData wrong{floats({4, 5}), labels(4, 7), nullptr};  // classes up to 6, three outputs
  EXPECT_THROW(model->fit(options({}), wrong, std::nullopt), Error);
  EXPECT_FALSE(model->network().isBuilt());
  const StepData right{floats({4, 2}), labels(4, 3), nullptr};
  finish(*model->fit(options({}), right, std::nullopt));
  EXPECT_EQ(model->network().inputSizes(), std::vector<int64_t>{2});
}

/// The logs of a model that gives x itself, over the samples 0.25, 0.5, 0.75 with the labels 0,
/// 1, 1.
std::vector<double> shown(const Json& loss, const Json& metrics, int64_t batchSize) {
  const auto model = std::make_shared<Model>(
      R"({"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense",
          "config": {"units": 1, "use_bias": false, "kernel_initializer": "ones",
                     "batch_input_shape": [null, 1]}}]}})",
      1);
  model->compile({{"optimizer", "sgd"}, {"loss", loss}, {"metrics", metrics}});
  const auto x = std::make_shared<Tensor>(DType::Float32, std::vector<int64_t>{3, 1});
  auto* values = reinterpret_cast<float*>(x->bytes().data());
  for (int i = 0; i < 3; ++i) values[i] = static_cast<float>(i + 1) / 4.0f;
  const auto y = std::make_shared<Tensor>(DType::Uint8, std::vector<int64_t>{3, 1});
  y->bytes()[1] = y->bytes()[2] = std::byte{1};
  const InferenceOptions options({{"batch_size", batchSize}}, "model.evaluate");
  const auto run = model->evaluate(options, {x, y, nullptr});
  while (run->next()) {
  }
  return run->logs();
}

TEST(Model, ShowsVectorsOfLossesAsKeras) {
  const auto loss = [](const char* reduction) {
    return Json{{"class_name", "MeanSquaredError"}, {"config", {{"reduction", reduction}}}};
  };
  const double first = (0.0625 + 0.25) / 2;
  EXPECT_FLOAT_EQ(shown(loss("auto"), {}, 2)[0], (2 * first + 0.0625) / 3);
  EXPECT_FLOAT_EQ(shown(loss("sum"), {}, 2)[0], (2 * 2 * first + 0.0625) / 3);
  EXPECT_FLOAT_EQ(shown(loss("none"), {}, 2)[0], (2 * 2 * first + 0.0625) / (2 * 2 + 1));
}

TEST(Model, ShowsEveryMetricWhateverTheBatches) {
  const std::set<std::string> takesArguments = {"MeanRelativeError",
                                                "SensitivityAtSpecificity",
                                                "SpecificityAtSensitivity",
                                                "PrecisionAtRecall",
                                                "RecallAtPrecision",
                                                "IoU",
                                                "MeanIoU",
                                                "OneHotIoU",
                                                "OneHotMeanIoU"};
  Json metrics = Json::array();
  for (const std::string& name : metricNames()) {
    if (!takesArguments.contains(name)) metrics.push_back(name);
  }
  const std::vector<double> whole = shown("mse", metrics, 3);
  const std::vector<double> parts = shown("mse", metrics, 2);
  ASSERT_EQ(whole.size(), metrics.size() + 1);
  for (size_t i = 1; i < whole.size(); ++i) {
    // There is no class 1 of one: its cross-entropy is NaN.
    const bool isNaN = metrics[i - 1] == "SparseCategoricalCrossentropy";
    EXPECT_EQ(std::isnan(whole[i]), isNaN) << metrics[i - 1];
    if (isNaN) continue;
    EXPECT_NEAR(parts[i], whole[i], 1e-5 * std::abs(whole[i])) << metrics[i - 1];
  }
}

TEST(Model, TrainsOnClassesAndTheIgnoredOne) {
  const auto fitWith = [](const Json& config) {
    const auto model = std::make_shared<Model>(kUnbuilt, 1);
    model->compile(
        {{"optimizer", "adam"},
         {"loss", {{"class_name", "SparseCategoricalCrossentropy"}, {"config", config}}}});
    finish(*model->fit(options({}), {floats({4, 2}), labels(4, 4), nullptr}, std::nullopt));
  };
  fitWith({{"from_logits", true}, {"ignore_class", 3}});
  EXPECT_THROW(fitWith({{"from_logits", true}, {"ignore_class", 2}}), Error);
}

/// Lets the engine take no more than `bytes` besides what it has, until the end of the scope.
class MemoryLimit {
 public:
  explicit MemoryLimit(size_t bytes) {
    AlignedBuffer::setMaxBytes(AlignedBuffer::liveBytes() + bytes);
  }
  ~MemoryLimit() { AlignedBuffer::setMaxBytes(std::numeric_limits<size_t>::max()); }
};

const char* const kLarge =
    R"({"class_name": "Sequential", "config": {"layers": [
        {"class_name": "Dense", "config": {"units": 100, "batch_input_shape": [null, 100]}}]}})";

ErrorCode codeOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::Internal;
}

TEST(Model, AFitWithoutRoomLeavesTheOptimizerAsItWas) {
  const auto model = compiled(kLarge);
  model->predict(InferenceOptions(Json::object(), "predict"), floats({1, 100}));
  const Bytes before = model->saveCheckpoint(OptimizerLayout::Auto).data;
  const StepData data{floats({4, 100}), labels(4, 3), nullptr};
  {
    const MemoryLimit limit(60'000);  // one slot of the kernel fits, two do not
    EXPECT_EQ(codeOf([&] { model->fit(options({}), data, std::nullopt); }), ErrorCode::OutOfMemory);
  }
  EXPECT_EQ(model->saveCheckpoint(OptimizerLayout::Auto).data, before);
}

TEST(Model, ACheckpointWithoutRoomChangesNothing) {
  const auto trained = compiled(kLarge);
  finish(*trained->fit(options({}), {floats({4, 100}), labels(4, 3), nullptr}, std::nullopt));
  const BundleFiles files = trained->saveCheckpoint(OptimizerLayout::Auto);
  const Bundle bundle(files.index, {files.data});
  const auto model = compiled(kLarge);
  const Bytes before = model->saveCheckpoint(OptimizerLayout::Auto).data;
  {
    const MemoryLimit limit(60'000);
    EXPECT_EQ(codeOf([&] { model->loadCheckpoint(bundle); }), ErrorCode::OutOfMemory);
  }
  EXPECT_EQ(model->saveCheckpoint(OptimizerLayout::Auto).data, before);
  model->loadCheckpoint(bundle);
  EXPECT_NE(model->saveCheckpoint(OptimizerLayout::Auto).data, before);
}

TEST(Model, ARefusedBuildCanBeRepeated) {
  const auto model = compiled(R"({"class_name": "Sequential", "config": {"layers": [
      {"class_name": "Dense", "config": {"units": 3}},
      {"class_name": "BatchNormalization", "config": {"axis": 2}}]}})");
  EXPECT_THROW(model->build(std::vector<int64_t>{4}), Error);
  EXPECT_FALSE(model->network().isBuilt());
  model->build(std::vector<int64_t>{6, 4});
  EXPECT_TRUE(model->network().isBuilt());
  EXPECT_THROW(model->build(std::vector<int64_t>{7, 4}), Error);
}

TEST(Model, DescribingTakesNoMemoryForWeights) {
  const size_t before = AlignedBuffer::liveBytes();
  const Model model(R"({"class_name": "Sequential", "config": {"layers": [
      {"class_name": "Dense", "config": {"units": 100000, "batch_input_shape": [null, 1000000]}}]}})",
                    1);
  EXPECT_EQ(model.describe()["params"]["total"], 100000100000);
  EXPECT_NE(summarize(model.network(), 0).find("100,000,100,000"), std::string::npos);
  EXPECT_EQ(AlignedBuffer::liveBytes(), before);
}

TEST(Model, SizesThatNoMachineHoldsAreRefused) {
  // 2^20 rows of 2^50 units: the product of the two does not fit 64 bits.
  const auto model = compiled(
      R"({"class_name": "Sequential", "config": {"layers": [
          {"class_name": "Flatten", "config": {"batch_input_shape": [null, 1]}},
          {"class_name": "Dense", "config": {"units": 1125899906842624}}]}})");
  const InferenceOptions everything(Json{{"batch_size", 1 << 20}}, "predict");
  EXPECT_EQ(codeOf([&] {
              model->predict(everything, floats({1 << 20, 1}));
            }),
            ErrorCode::OutOfMemory);
}

TEST(Shape, CountsDoNotOverflow) {
  constexpr int64_t kLarge = int64_t{1} << 40;
  EXPECT_EQ(Shape::fixed({kLarge, kLarge}).elements().at(1), int64_t{1} << 58);
  EXPECT_EQ(Shape::batched({kLarge}).elements().at(kLarge), int64_t{1} << 58);
}

TEST(Model, RefusedWeightsChangeNone) {
  const auto model = compiled(kUnbuilt);
  model->build(std::vector<int64_t>{2});
  const auto weights = model->weights();
  const std::vector<std::byte> before(weights[0]->bytes().begin(), weights[0]->bytes().end());
  EXPECT_THROW(model->setWeights({floats({2, 3})}), Error);
  EXPECT_THROW(model->setWeights({floats({2, 3}), floats({4})}), Error);
  EXPECT_EQ(std::memcmp(before.data(), weights[0]->data(), before.size()), 0);
  model->setWeights({floats({2, 3}), floats({3})});
  EXPECT_NE(std::memcmp(before.data(), weights[0]->data(), before.size()), 0);
}

TEST(Model, ARunKeepsItsModelAndItsDataAlive) {
  auto model = compiled(kUnbuilt);
  std::shared_ptr<FitRun> run =
      model->fit(options({{"epochs", 2}}), {floats({4, 2}), labels(4, 3), nullptr}, std::nullopt);
  const std::weak_ptr<Model> watched = model;
  model.reset();
  EXPECT_FALSE(watched.expired());
  finish(*run);
  run.reset();
  EXPECT_TRUE(watched.expired());
}

TEST(Model, EachPassIsShuffledAnewAndAlikeForEqualSeeds) {
  const StepData data{floats({33, 2}), labels(33, 3), nullptr};
  const auto lossesOf = [&] {
    const auto model = compiled(kUnbuilt);
    const auto run = model->fit(options({{"epochs", 2}, {"batch_size", 4}}), data, std::nullopt);
    std::vector<double> losses;
    for (FitStep step = run->next(); step != FitStep::TrainEnd; step = run->next()) {
      if (step == FitStep::TrainBatch) losses.push_back(run->logs()[0]);
    }
    return losses;
  };
  EXPECT_EQ(lossesOf(), lossesOf());
  const auto model = compiled(kUnbuilt);
  const auto first = model->nextShuffle().block(0);
  EXPECT_NE(model->nextShuffle().block(0), first);
}

TEST(Model, StepsAfterTheFirstAllocateNothing) {
  const auto model = compiled(kUnbuilt);
  const StepData data{floats({33, 2}), labels(33, 3), nullptr};
  const auto run = model->fit(
      options({{"epochs", 4}, {"batch_size", 4}, {"validation_split", 0.2}}), data, std::nullopt);
  EXPECT_GT(run->plannedBytes(), 0u);
  while (run->next() != FitStep::EpochEnd) {
  }
  const int64_t first = run->epoch();
  EXPECT_EQ(countAllocations([&] { finish(*run); }), 0);
  EXPECT_EQ(run->epoch(), first + 3);
}

/// Rows [begin, end) of data.
StepData part(const StepData& data, int64_t begin, int64_t end) {
  const auto cut = [&](const TensorPtr& from) {
    std::vector<int64_t> sizes = from->sizes();
    sizes[0] = end - begin;
    auto tensor = std::make_shared<Tensor>(from->dtype(), sizes);
    std::memcpy(tensor->bytes().data(),
                from->bytes().data() + static_cast<size_t>(begin) * from->rowBytes(),
                tensor->bytes().size());
    return TensorPtr(std::move(tensor));
  };
  return {cut(data.x), cut(data.y), nullptr};
}

TEST(Model, BatchesThatAreFedTrainToTheBitsOfRows) {
  const StepData data{floats({10, 2}), labels(10, 3), nullptr};
  const auto rows = compiled(kUnbuilt);
  finish(*rows->fit(options({{"epochs", 2}, {"batch_size", 4}, {"shuffle", false}}), data, data));

  const auto fed = compiled(kUnbuilt);
  const auto run = fed->fit(options({{"epochs", 2}, {"fed", true}, {"validation_fed", true}}),
                            part(data, 0, 4), std::nullopt);
  EXPECT_EQ(run->steps(), 0);
  int64_t begin = 0;  // of the next batch of the pass
  for (bool isFirst = true; run->peek() != FitStep::TrainEnd;) {
    const FitStep next = run->peek();
    const int64_t size = next == FitStep::ValidationBatch ? 7 : 4;
    if ((next == FitStep::TrainBatch || next == FitStep::ValidationBatch) && begin < 10) {
      if (!isFirst) run->feed(part(data, begin, std::min<int64_t>(10, begin + size)));
      isFirst = false;
      begin += size;
    }
    const FitStep done = run->next();
    if (done == FitStep::EpochBegin || done == FitStep::ValidationBegin) begin = 0;
  }
  EXPECT_EQ(run->steps(), 3);
  EXPECT_EQ(run->validationSteps(), 2);
  EXPECT_EQ(run->insufficientData(), 0);

  const auto single = compiled(kUnbuilt);
  const OnBatchOptions train = onBatch({{"kind", "train"}});
  for (int64_t at : {0, 4, 8, 0, 4, 8}) {
    single->runOnBatch(train, part(data, at, std::min<int64_t>(10, at + 4)));
  }
  for (size_t w = 0; w < rows->weights().size(); ++w) {
    const auto expected = rows->weights()[w]->bytes();
    for (const auto& model : {fed, single}) {
      EXPECT_EQ(std::memcmp(model->weights()[w]->data(), expected.data(), expected.size()), 0);
    }
  }
}

TEST(Model, AStepOnABatchIsPlannedOnceForItsKindAndSize) {
  const auto model = compiled(kUnbuilt);
  const StepData data{floats({10, 2}), labels(10, 3), nullptr};
  const OnBatchOptions train = onBatch({{"kind", "train"}});
  const OnBatchOptions test = onBatch({{"kind", "test"}, {"reset_metrics", false}});
  EXPECT_TRUE(model->runOnBatch(train, part(data, 0, 4)));
  EXPECT_FALSE(model->runOnBatch(train, part(data, 4, 8)));
  EXPECT_FALSE(model->runOnBatch(train, part(data, 8, 10)));
  EXPECT_TRUE(model->runOnBatch(test, part(data, 0, 4)));
  EXPECT_TRUE(model->runOnBatch(train, data));
  EXPECT_FALSE(model->runOnBatch(train, part(data, 0, 4)));
  StepData weighted = part(data, 0, 4);
  weighted.weights = floats({4});
  EXPECT_TRUE(model->runOnBatch(train, weighted));
  model->compile({{"optimizer", "sgd"},
                  {"loss", "sparse_categorical_crossentropy"},
                  {"metrics", Json::array()}});
  EXPECT_TRUE(model->runOnBatch(train, part(data, 0, 4)));
  EXPECT_EQ(model->onBatch().logs().size(), 1u);
}

TEST(Model, ABatchThatIsRefusedChangesNothing) {
  const auto model = compiled(kUnbuilt);
  const StepData good{floats({4, 2}), labels(4, 3), nullptr};
  const StepData wrong{floats({4, 2}), labels(4, 4), nullptr};
  const OnBatchOptions train = onBatch({{"kind", "train"}});
  EXPECT_THROW(model->runOnBatch(train, wrong), Error);
  EXPECT_FALSE(model->network().isBuilt());
  EXPECT_THROW(model->fit(options({{"fed", true}}), wrong, std::nullopt), Error);
  EXPECT_FALSE(model->network().isBuilt());
  const auto run = model->fit(options({{"fed", true}}), good, std::nullopt);
  run->next();
  run->next();
  const Bytes before = model->saveCheckpoint(OptimizerLayout::Auto).data;
  EXPECT_THROW(run->feed(wrong), Error);
  {
    const MemoryLimit limit(10'000);
    EXPECT_EQ(codeOf([&] {
                run->feed({floats({1000, 2}), labels(1000, 3), nullptr});
              }),
              ErrorCode::OutOfMemory);
  }
  EXPECT_EQ(model->saveCheckpoint(OptimizerLayout::Auto).data, before);
  model->runOnBatch(train, good);
  EXPECT_NE(model->saveCheckpoint(OptimizerLayout::Auto).data, before);
}

TEST(Batches, AShuffledPassHoldsEveryRowOnce) {
  Batches batches({labels(100, 100)}, 10, 100, 7);
  EXPECT_EQ(batches.count(), 13);
  EXPECT_EQ(batches.rowsIn(12), 6);
  batches.shuffle(PhiloxStream({1, 2}, 3));
  auto graph = std::make_shared<Graph>();
  const Expr x = graph->input("x", {DType::Uint8, Shape::batched({})});
  const Executable program(graph, {toFloat(x)}, batches.largest());
  std::vector<int> seen;
  for (int64_t batch = 0; batch < batches.count(); ++batch) {
    const int64_t rows = batches.load(batch, program);
    for (int64_t i = 0; i < rows; ++i) seen.push_back(static_cast<int>(program.input(0)[i]));
  }
  EXPECT_NE(seen[0] * 100 + seen[1], 10 * 100 + 11);
  std::sort(seen.begin(), seen.end());
  ASSERT_EQ(seen.size(), 90u);
  for (int i = 0; i < 90; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], i + 10);
}

TEST(Model, WithinAModelStaysFrozenWhereAFitIsRefused) {
  const auto model = std::make_shared<Model>(
      R"({"class_name": "Sequential", "config": {"layers": [
          {"class_name": "Sequential", "config": {"layers": [
              {"class_name": "Dense", "config": {"units": 2}},
              {"class_name": "Dense", "config": {"units": 3}}]}},
          {"class_name": "Dense", "config": {"units": 3}}]}})",
      1);
  model->compile({{"optimizer", "adam"}, {"loss", "sparse_categorical_crossentropy"}});
  model->setTrainable({0}, false);
  model->setTrainable({0, 1}, true);
  const StepData wrong{floats({4, 2}), labels(4, 7), nullptr};
  EXPECT_THROW(model->fit(options({}), wrong, std::nullopt), Error);
  const auto& layers = model->network().sublayers();
  EXPECT_FALSE(layers[0]->trainable());
  EXPECT_FALSE(layers[0]->sublayers()[0]->trainable());
  EXPECT_TRUE(layers[0]->sublayers()[1]->trainable());
  EXPECT_TRUE(layers[1]->trainable());
}

TEST(Model, RefusesAConfigThatIsNoRecord) {
  for (const char* config : {"[1]", "5", "\"units\""}) {
    const std::string json =
        std::string(
            R"({"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense",)") +
        R"("config": )" + config + "}]}}";
    EXPECT_EQ(codeOf([&] { Model(json, 1); }), ErrorCode::InvalidArgument) << json;
  }
}

}  // namespace
}  // namespace tabtrain::testing
