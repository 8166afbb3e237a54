#include "base/shape.h"

#include <gtest/gtest.h>

#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

using testing::codeOf;

TEST(Shape, CountsElementsPerBatch) {
  const Shape shape = Shape::batched({3, 4});
  EXPECT_TRUE(shape.isBatched());
  EXPECT_EQ(shape.rank(), 3u);
  EXPECT_EQ(shape.elements(), (Dim{12, true}));
  EXPECT_EQ(shape.elements().at(5), 60);
  EXPECT_EQ(shape.product(1, 3), (Dim{12, false}));
  EXPECT_EQ(shape.product(1, 3).at(5), 12);
  EXPECT_EQ(shape.product(2, 2), Dim{});
  EXPECT_EQ(shape.sizesWithoutBatch(), (std::vector<int64_t>{3, 4}));
  EXPECT_FALSE(Shape::fixed({3, 4}).isBatched());
  EXPECT_FALSE(Shape().isBatched());
  EXPECT_EQ(Shape().elements(), Dim{});
}

TEST(Shape, CountsDoNotWrap) {
  constexpr int64_t kMost = int64_t{1} << 58;
  EXPECT_EQ(multiplyCounts(6, 7), 42);
  EXPECT_EQ(multiplyCounts(int64_t{1} << 40, int64_t{1} << 40), kMost);
  EXPECT_EQ(addCounts(6, 7), 13);
  EXPECT_EQ(addCounts(kMost, kMost), kMost);
}

TEST(Shape, TheBatchIsNotAnExtentOfOne) {
  EXPECT_FALSE((Dim{1, true}).isOne());
  EXPECT_TRUE((Dim{1, false}).isOne());
  EXPECT_NE(Shape::batched({}), Shape::fixed({1}));
}

TEST(Shape, PrintsAsKeras) {
  EXPECT_EQ(Shape().toString(), "()");
  EXPECT_EQ(Shape::batched({}).toString(), "(None,)");
  EXPECT_EQ(Shape::batched({28, 28}).toString(), "(None, 28, 28)");
  EXPECT_EQ(Shape({{7, true}, {2, false}}).toString(), "(None*7, 2)");
  EXPECT_EQ(sizesToString({}), "()");
  EXPECT_EQ(sizesToString({5}), "(5,)");
  EXPECT_EQ(sizesToString({32, 784}), "(32, 784)");
}

TEST(Shape, RefusesTwoExtentsThatDependOnTheBatch) {
  const Shape shape({{1, true}, {2, true}});
  std::string message;
  EXPECT_EQ(codeOf([&] { shape.elements(); }, &message), ErrorCode::InvalidArgument);
  EXPECT_EQ(message, "shape (None, None*2): at most one extent may depend on the batch size");
}

TEST(Shape, ElementCountStaysExact) {
  EXPECT_EQ(elementCount({}), 1);
  EXPECT_EQ(elementCount({2, 3, 4}), 24);
  EXPECT_EQ(elementCount({int64_t{1} << 53}), int64_t{1} << 53);
  EXPECT_EQ(elementCount({3, 0, 4}), 0);
}

TEST(Shape, ElementCountRefusesWhatItCannotCount) {
  std::string message;
  EXPECT_EQ(codeOf(
                [] {
                  elementCount({int64_t{1} << 27, int64_t{1} << 27});
                },
                &message),
            ErrorCode::InvalidArgument);
  EXPECT_EQ(message, "shape (134217728, 134217728): expected at most 2^53 elements");
  EXPECT_EQ(codeOf([] { elementCount({2, -1}); }, &message), ErrorCode::InvalidArgument);
  EXPECT_EQ(message, "shape (2, -1): expected extents of at least 0, got -1");
}

}  // namespace
}  // namespace tabtrain
