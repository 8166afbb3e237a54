// A whole training step: partial batches in one plan, no allocation, the same bits every time.
#include <gtest/gtest.h>

#include "allocations.h"
#include "classifier.h"
#include "golden.h"

namespace tabtrain::testing {
namespace {

constexpr int64_t kFeatures = 40;
constexpr int64_t kRows = 32;

/// Every kind of layer that the engine runs, in sizes that fill no register and no tile.
const Json kLayers = {
    {{"class_name", "InputLayer"}, {"config", {{"batch_input_shape", {nullptr, 5, 8}}}}},
    {{"class_name", "Flatten"}, {"config", Json::object()}},
    {{"class_name", "Dense"}, {"config", {{"units", 67}, {"activation", "relu"}}}},
    {{"class_name", "BatchNormalization"}, {"config", Json::object()}},
    {{"class_name", "Dropout"}, {"config", {{"rate", 0.3}}}},
    {{"class_name", "Dense"}, {"config", {{"units", 19}, {"activation", "tanh"}}}},
    {{"class_name", "Dense"}, {"config", {{"units", 7}}}},
};

struct Data {
  std::vector<float> x;
  std::vector<int32_t> y;
};

Data data() {
  Data result;
  for (int64_t i = 0; i < kRows * kFeatures; ++i) {
    result.x.push_back(static_cast<float>(i * 7919 % 1009) / 500.0f - 1.0f);
  }
  for (int64_t i = 0; i < kRows; ++i) result.y.push_back(static_cast<int32_t>(i * 3 % 7));
  return result;
}

std::vector<std::vector<float>> weightsOf(const Classifier& classifier) {
  std::vector<std::vector<float>> all;
  for (const Variable* weight : classifier.weights()) {
    all.emplace_back(weight->floats(), weight->floats() + weight->count());
  }
  return all;
}

/// Equal up to rounding: the last rows of a matrix product may be summed in another order.
void expectFirstRows(const std::vector<float>& part, const std::vector<float>& full, int64_t rows) {
  const size_t count = static_cast<size_t>(rows * 7);
  expectClose(part, {full.begin(), full.begin() + static_cast<ptrdiff_t>(count)},
              std::to_string(rows) + " rows", {1e-6, 1e-6});
}

TEST(TrainingStep, APartialBatchGivesTheRowsOfTheFullOne) {
  const Data d = data();
  Classifier classifier(kLayers, "adam", kRows);
  const auto full = classifier.predict(d.x.data(), kRows, /*training=*/false);
  for (int64_t rows : {1, 2, 3, 7, 13, 31}) {
    expectFirstRows(classifier.predict(d.x.data(), rows, /*training=*/false), full, rows);
  }
}

TEST(TrainingStep, DropoutDropsTheSameElementsOfAPartialBatch) {
  const Data d = data();
  Json layers = kLayers;
  layers.erase(3);  // BatchNormalization's statistics are those of the batch
  Classifier classifier(layers, "adam", kRows);
  const auto full = classifier.predict(d.x.data(), kRows, /*training=*/true);
  expectFirstRows(classifier.predict(d.x.data(), 13, /*training=*/true), full, 13);
  EXPECT_NE(full, classifier.predict(d.x.data(), kRows, /*training=*/false));
}

TEST(TrainingStep, APartialBatchTrainsAsOneThatIsPlannedForIt) {
  const Data d = data();
  Classifier large(kLayers, "adam", kRows);
  Classifier exact(kLayers, "adam", 13);
  // What a full batch left in the arena must not matter.
  large.evaluate(d.x.data(), d.y.data(), kRows);
  for (int step = 0; step < 5; ++step) {
    const auto a = large.train(d.x.data(), d.y.data(), 13);
    const auto b = exact.train(d.x.data(), d.y.data(), 13);
    ASSERT_TRUE(isClose(a.loss, b.loss, {1e-6, 0})) << a.loss << ", " << b.loss;
    ASSERT_EQ(a.accuracy, b.accuracy);
  }
  const auto weights = weightsOf(exact);
  for (size_t i = 0; i < weights.size(); ++i) {
    const std::vector<double> expected(weights[i].begin(), weights[i].end());
    expectClose(weightsOf(large)[i], expected, large.weights()[i]->path(), {1e-5, 1e-6});
  }
}

TEST(TrainingStep, LowersTheLoss) {
  const Data d = data();
  for (const Json& optimizer :
       {Json("adam"),
        Json{{"class_name", "SGD"}, {"config", {{"learning_rate", 0.1}, {"momentum", 0.9}}}}}) {
    Classifier classifier(kLayers, optimizer, kRows);
    const float before = classifier.evaluate(d.x.data(), d.y.data(), kRows).loss;
    for (int step = 0; step < 100; ++step) classifier.train(d.x.data(), d.y.data(), kRows);
    EXPECT_LT(classifier.evaluate(d.x.data(), d.y.data(), kRows).loss, before / 2);
  }
}

TEST(TrainingStep, AllocatesNothing) {
  const Data d = data();
  Classifier classifier(kLayers, "adam", kRows);
  EXPECT_EQ(countAllocations([&] {
              classifier.train(d.x.data(), d.y.data(), kRows);
              classifier.train(d.x.data(), d.y.data(), 13);
              classifier.evaluate(d.x.data(), d.y.data(), kRows);
            }),
            0);
}

TEST(TrainingStep, IsTheSameToTheLastBit) {
  const Data d = data();
  const auto run = [&] {
    Classifier classifier(kLayers, "adam", kRows);
    for (int step = 0; step < 10; ++step) {
      classifier.train(d.x.data(), d.y.data(), step % 3 == 2 ? 13 : kRows);
    }
    return weightsOf(classifier);
  };
  EXPECT_EQ(run(), run());
}

TEST(TrainingStep, ANaNStaysVisible) {
  Data d = data();
  Classifier classifier(kLayers, "adam", kRows);
  d.x[77] = std::numeric_limits<float>::quiet_NaN();
  const float loss = classifier.train(d.x.data(), d.y.data(), kRows).loss;
  EXPECT_NE(loss, loss);
}

}  // namespace
}  // namespace tabtrain::testing
