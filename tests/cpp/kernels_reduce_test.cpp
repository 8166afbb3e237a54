// Reductions, softmax, cross-entropies and random numbers against plain loops.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/random.h"
#include "kernels/reduce.h"
#include "kernels/softmax.h"

namespace tabtrain::kernels {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<float> randomValues(int64_t count, float scale = 1.0f) {
  std::mt19937 random(static_cast<uint32_t>(count));
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back((static_cast<float>(random() % 2001) / 1000 - 1) * scale);
  }
  return values;
}

template <typename Check>
void forEachShape(Check check) {
  for (int64_t outer : {1, 2, 5}) {
    for (int64_t reduced : {1, 2, 9, 35}) {
      for (int64_t inner : {1, 3, 16}) check(ReduceShape{outer, reduced, inner});
    }
  }
}

/// The elements that are reduced to `out[o, i]`.
std::vector<float> column(const ReduceShape& s, const std::vector<float>& in, int64_t index) {
  std::vector<float> values;
  for (int64_t r = 0; r < s.reduced; ++r) {
    const int64_t o = index / s.inner;
    values.push_back(in[static_cast<size_t>((o * s.reduced + r) * s.inner + index % s.inner)]);
  }
  return values;
}

TEST(ReduceKernels, SumEqualsALoop) {
  forEachShape([](const ReduceShape& s) {
    const auto in = randomValues(s.outer * s.reduced * s.inner);
    std::vector<float> out(static_cast<size_t>(s.outer * s.inner), 99.0f);
    reduceSum(s, in.data(), out.data());
    for (size_t i = 0; i < out.size(); ++i) {
      double expected = 0;
      for (float value : column(s, in, static_cast<int64_t>(i))) expected += value;
      ASSERT_NEAR(out[i], expected, 1e-5) << s.outer << " " << s.reduced << " " << s.inner;
    }
  });
}

TEST(ReduceKernels, MaxAndArgMaxEqualALoop) {
  forEachShape([](const ReduceShape& s) {
    // Few different values, so that there are ties.
    auto in = randomValues(s.outer * s.reduced * s.inner);
    for (float& value : in) value = std::round(value * 2);
    std::vector<float> maxima(static_cast<size_t>(s.outer * s.inner));
    std::vector<int32_t> indices(maxima.size());
    reduceMax(s, in.data(), maxima.data());
    argMax(s, in.data(), indices.data());
    for (size_t i = 0; i < maxima.size(); ++i) {
      const auto values = column(s, in, static_cast<int64_t>(i));
      const auto first = std::max_element(values.begin(), values.end());
      ASSERT_EQ(maxima[i], *first);
      ASSERT_EQ(indices[i], first - values.begin());
    }
  });
}

TEST(ReduceKernels, KeepNaNVisible) {
  for (size_t at : {0u, 3u, 6u}) {
    std::vector<float> in = {1, 2, 3, 9, 5, 6, 7};
    in[at] = kNaN;
    float out = 0;
    reduceMax({1, 7, 1}, in.data(), &out);
    EXPECT_TRUE(std::isnan(out)) << at;
    reduceSum({1, 7, 1}, in.data(), &out);
    EXPECT_TRUE(std::isnan(out)) << at;
  }
}

struct Softmax {
  std::vector<double> probabilities;
  double logSum;
};

Softmax reference(const float* logits, int64_t classes) {
  const double maximum = *std::max_element(logits, logits + classes);
  double sum = 0;
  for (int64_t c = 0; c < classes; ++c) sum += std::exp(logits[c] - maximum);
  Softmax result{{}, std::log(sum) + maximum};
  for (int64_t c = 0; c < classes; ++c) {
    result.probabilities.push_back(std::exp(logits[c] - maximum) / sum);
  }
  return result;
}

class SoftmaxKernels : public ::testing::TestWithParam<int64_t> {
 protected:
  static constexpr int64_t kRows = 6;
  const int64_t classes_ = GetParam();
  const std::vector<float> logits_ = randomValues(kRows * classes_, 30.0f);
  std::vector<float> out_ = std::vector<float>(static_cast<size_t>(kRows * classes_));
  std::vector<float> loss_ = std::vector<float>(kRows);

  float out(int64_t row, int64_t c) const { return out_[static_cast<size_t>(row * classes_ + c)]; }
};

TEST_P(SoftmaxKernels, EqualLoops) {
  softmax(kRows, classes_, logits_.data(), out_.data());
  for (int64_t r = 0; r < kRows; ++r) {
    const Softmax expected = reference(logits_.data() + r * classes_, classes_);
    for (int64_t c = 0; c < classes_; ++c) {
      const double p = expected.probabilities[static_cast<size_t>(c)];
      ASSERT_NEAR(out(r, c), p, 1e-5 * p + 1e-30);
    }
  }
  logSoftmax(kRows, classes_, logits_.data(), out_.data());
  for (int64_t r = 0; r < kRows; ++r) {
    const Softmax expected = reference(logits_.data() + r * classes_, classes_);
    for (int64_t c = 0; c < classes_; ++c) {
      const double z = logits_[static_cast<size_t>(r * classes_ + c)];
      ASSERT_NEAR(out(r, c), z - expected.logSum, 1e-5);
    }
  }
}

TEST_P(SoftmaxKernels, CrossEntropiesEqualLoops) {
  std::vector<float> labels;
  std::vector<float> targets(out_.size(), 0.0f);
  for (int64_t r = 0; r < kRows; ++r) {
    const int64_t label = (r * 5) % classes_;
    labels.push_back(static_cast<float>(label));
    targets[static_cast<size_t>(r * classes_ + label)] = 1.0f;
  }
  for (const bool sparse : {true, false}) {
    if (sparse) {
      sparseSoftmaxCrossEntropy(kRows, classes_, logits_.data(), labels.data(), loss_.data(),
                                out_.data());
    } else {
      softmaxCrossEntropy(kRows, classes_, logits_.data(), targets.data(), loss_.data(),
                          out_.data());
    }
    for (int64_t r = 0; r < kRows; ++r) {
      const float* row = logits_.data() + r * classes_;
      const Softmax expected = reference(row, classes_);
      const auto label = static_cast<int64_t>(labels[static_cast<size_t>(r)]);
      ASSERT_NEAR(loss_[static_cast<size_t>(r)], expected.logSum - row[label], 1e-5) << sparse;
      for (int64_t c = 0; c < classes_; ++c) {
        const double p = expected.probabilities[static_cast<size_t>(c)];
        ASSERT_NEAR(out(r, c), p - (c == label ? 1 : 0), 1e-6) << sparse;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Classes, SoftmaxKernels, ::testing::Values(1, 2, 3, 10, 33),
                         ::testing::PrintToStringParamName());

TEST(SoftmaxKernels, DoNotOverflow) {
  const std::vector<float> logits = {1e4f, -1e4f, 0.0f, -1e4f, 1e4f, 1e4f};
  std::vector<float> out(6);
  softmax(2, 3, logits.data(), out.data());
  EXPECT_EQ(out, (std::vector<float>{1, 0, 0, 0, 0.5f, 0.5f}));
  const std::vector<float> labels = {1.0f, 2.0f};
  std::vector<float> loss(2);
  sparseSoftmaxCrossEntropy(2, 3, logits.data(), labels.data(), loss.data(), out.data());
  EXPECT_FLOAT_EQ(loss[0], 2e4f);
  EXPECT_FLOAT_EQ(loss[1], std::log(2.0f));
}

TEST(SoftmaxKernels, ShowNaNAndLabelsOutOfRangeInTheirRowsAlone) {
  const std::vector<float> logits = {0, kNaN, 0, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3};
  const std::vector<float> labels = {0, 3, -1, kNaN, 2};
  std::vector<float> loss(5);
  std::vector<float> out(15);
  sparseSoftmaxCrossEntropy(5, 3, logits.data(), labels.data(), loss.data(), out.data());
  for (size_t row = 0; row < 4; ++row) {
    EXPECT_TRUE(std::isnan(loss[row])) << row;
    EXPECT_TRUE(std::isnan(out[row * 3 + 1])) << row;
  }
  EXPECT_FALSE(std::isnan(loss[4]));
  softmax(5, 3, logits.data(), out.data());
  EXPECT_TRUE(std::isnan(out[0]));
  EXPECT_FALSE(std::isnan(out[3]));
}

TEST(RandomKernel, IsAFunctionOfSeedCounterAndPosition) {
  const RandomContext context{streamKey(7, "layers/1/dropout")};
  const int64_t counter = 12;
  const PhiloxStream stream(context.key, static_cast<uint64_t>(counter));
  const auto draw = [&](int64_t begin, int64_t count) {
    std::vector<float> out(static_cast<size_t>(count));
    ElementwiseArgs args{};
    args.out = out.data();
    args.in[0] = reinterpret_cast<const float*>(&counter);
    args.count = count;
    args.begin = begin;
    args.context = &context;
    randomUniform(args);
    return out;
  };
  const auto all = draw(0, 1001);
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], uniformFloat(stream.word(i)));
  // However a run is cut into chunks.
  for (int64_t begin : {1, 2, 3, 4, 510, 1000}) {
    const int64_t count = std::min<int64_t>(1001 - begin, 11);
    const auto part = draw(begin, count);
    for (int64_t i = 0; i < count; ++i) {
      ASSERT_EQ(part[static_cast<size_t>(i)], all[static_cast<size_t>(begin + i)]);
    }
  }
}

}  // namespace
}  // namespace tabtrain::kernels
