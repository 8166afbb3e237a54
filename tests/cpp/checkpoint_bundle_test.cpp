#include "checkpoint/bundle.h"

#include <gtest/gtest.h>

#include <bit>

#include "checkpoint/bundle_entry.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/keras_checkpoint.h"
#include "checkpoint/object_tree.h"
#include "checkpoint/proto.h"
#include "checkpoint/string_tensor.h"
#include "checkpoint/table.h"
#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

using testing::codeOf;

/// An index file of these messages.
Bytes indexOf(const std::vector<std::pair<std::string, Bytes>>& entries, bool header = true) {
  TableWriter table;
  if (header) table.add("", serializeBundleHeader());
  for (const auto& [key, message] : entries) table.add(key, message);
  return table.finish();
}

struct RawEntry {
  uint64_t dtype = 1;
  std::vector<uint64_t> shape = {};
  uint64_t shard = 0;
  uint64_t offset = 0;
  uint64_t size = 4;
  uint32_t crc = 1;

  Bytes message() const {
    ProtoWriter dims;
    for (const uint64_t size : shape) {
      ProtoWriter dim;
      dim.writeUint64(1, size);
      dims.writeMessage(2, dim.view());
    }
    ProtoWriter proto;
    proto.writeUint64(1, dtype);
    proto.writeMessage(2, dims.view());
    proto.writeUint64(3, shard);
    proto.writeUint64(4, offset);
    proto.writeUint64(5, size);
    proto.writeFixed32(6, crc);
    return proto.take();
  }
};

std::string withSlices(const RawEntry& entry) {
  const Bytes message = entry.message();
  return std::string(asText(message)) + std::string("\x3a\0", 2);
}

Bytes bytesOf(std::string_view text) {
  const ByteSpan span = asBytes(text);
  return {span.begin(), span.end()};
}

// The entry messages that TensorFlow wrote for a [512] float32 and a scalar.
TEST(CheckpointBundle, EntryBytesAreTensorFlows) {
  EXPECT_EQ(asText(serializeBundleHeader()), "\x08\x01\x1a\x02\x08\x01");
  BundleEntry bias{.key = "", .dtype = TensorflowDType::Float, .shape = {512}};
  bias.offset = 1605632;
  bias.size = 2048;
  bias.maskedCrc = 0x04030201;
  EXPECT_EQ(asText(serializeBundleEntry(bias)),
            "\x08\x01\x12\x05\x12\x03\x08\x80\x04\x20\x80\x80\x62\x28\x80\x10\x35\x01\x02\x03\x04");
  BundleEntry scalar{.key = "", .dtype = TensorflowDType::Float, .shape = {}};
  scalar.offset = 1628208;
  scalar.size = 4;
  scalar.maskedCrc = 0xdfc7ebfd;
  EXPECT_EQ(asText(serializeBundleEntry(scalar)),
            std::string_view("\x08\x01\x12\0\x20\xb0\xb0\x63\x28\x04\x35\xfd\xeb\xc7\xdf", 15));
}

TEST(CheckpointBundle, ReadsWhatItWrote) {
  BundleWriter writer;
  const Bytes six(6, std::byte{7});
  writer.add("z", TensorflowDType::Bfloat16, {3, 1}, six);
  writer.addStrings("names", {2, 2}, {"a", "", "ccc", std::string_view("\0\xff", 2)});
  writer.add("a", TensorflowDType::Uint8, {2, 0}, {});
  const BundleFiles files = writer.finish();
  EXPECT_EQ(files.index.size() > 48 && files.data.size() == 6 + 4 + 4 + 6, true);
  const Bundle bundle(files.index, {files.data});
  bundle.verify();
  ASSERT_EQ(bundle.entries().size(), 3u);
  EXPECT_EQ(bundle.entries()[0].key, "a");
  EXPECT_EQ(bundle.find("b"), nullptr);
  EXPECT_EQ(asText(bundle.tensorBytes(*bundle.find("z"))), asText(six));
  EXPECT_EQ(bundle.strings(*bundle.find("names")),
            (std::vector<std::string_view>{"a", "", "ccc", std::string_view("\0\xff", 2)}));
  EXPECT_EQ(codeOf([&] { bundle.strings(*bundle.find("z")); }), ErrorCode::CorruptFile);
  const auto listed = listVariables(files.index);
  ASSERT_EQ(listed.size(), 3u);
  EXPECT_EQ(listed[1].name + listed[1].dtype, "namesstring");
  EXPECT_EQ(listed[2].dtype, "bfloat16");
  EXPECT_EQ(listed[2].shape, (std::vector<int64_t>{3, 1}));
}

TEST(CheckpointBundle, WriterRefusesWhatDoesNotFit) {
  BundleWriter writer;
  EXPECT_EQ(codeOf([&] { writer.add("a", TensorflowDType::Float, {2}, Bytes(4)); }),
            ErrorCode::InvalidArgument);
  EXPECT_EQ(codeOf([&] { writer.add("a", TensorflowDType::String, {}, Bytes(4)); }),
            ErrorCode::InvalidArgument);
  EXPECT_EQ(codeOf([&] { writer.addStrings("a", {2}, {"x"}); }), ErrorCode::InvalidArgument);
  writer.add("a", TensorflowDType::Float, {}, Bytes(4));
  writer.add("a", TensorflowDType::Float, {}, Bytes(4));
  EXPECT_EQ(codeOf([&] { writer.finish(); }), ErrorCode::InvalidArgument);
}

TEST(CheckpointBundle, ReadsSeveralShards) {
  ProtoWriter header;
  header.writeUint64(1, 2);
  TableWriter table;
  table.add("", header.view());
  const Bytes one = bytesOf("1111");
  const Bytes two = bytesOf("..2222");
  table.add(
      "a", RawEntry{.shard = 1, .offset = 2, .crc = maskCrc32c(crc32c(asBytes("2222")))}.message());
  table.add("b", RawEntry{.crc = maskCrc32c(crc32c(asBytes("1111")))}.message());
  const Bytes index = table.finish();
  EXPECT_EQ(readBundleIndex(index).shardCount, 2u);
  const Bundle bundle(index, {one, two});
  EXPECT_EQ(asText(bundle.tensorBytes(*bundle.find("a"))), "2222");
  EXPECT_EQ(asText(bundle.tensorBytes(*bundle.find("b"))), "1111");
  EXPECT_EQ(codeOf([&] { Bundle(index, {one}); }), ErrorCode::InvalidArgument);
}

TEST(CheckpointBundle, MalformedEntriesAreRefused) {
  const uint64_t big = uint64_t{1} << 62;
  const uint64_t negative = ~uint64_t{0};
  const std::vector<std::pair<const char*, Bytes>> corrupt = {
      {"size is not shape times item size", RawEntry{.shape = {2}}.message()},
      {"shape overflows", RawEntry{.shape = {big, big}, .size = 0}.message()},
      {"shape overflows to the size", RawEntry{.shape = {big, 4}, .size = 0}.message()},
      {"negative dimension", RawEntry{.shape = {negative}}.message()},
      {"negative size", RawEntry{.size = negative}.message()},
      {"negative offset", RawEntry{.offset = negative}.message()},
      {"shard that does not exist", RawEntry{.shard = 1}.message()},
      {"negative shard", RawEntry{.shard = negative}.message()},
      {"255 dimensions", RawEntry{.shape = std::vector<uint64_t>(255, 1)}.message()},
      {"more strings than bytes", RawEntry{.dtype = 7, .shape = {big}, .size = 9}.message()},
      {"dtype as bytes", bytesOf("\x0a\x01x")},
      {"cut off", bytesOf("\x08\x01\x12\x05\x12")},
  };
  for (const auto& test : corrupt) {
    EXPECT_EQ(codeOf([&] {
                readBundleIndex(indexOf({{"k", test.second}}));
              }),
              ErrorCode::CorruptFile)
        << test.first;
  }
  for (const uint64_t dtype : {uint64_t{0}, uint64_t{99}, negative}) {
    EXPECT_EQ(codeOf([&] {
                readBundleIndex(indexOf({{"k", RawEntry{.dtype = dtype}.message()}}));
              }),
              ErrorCode::Unsupported);
  }
  EXPECT_EQ(codeOf([&] {
              readBundleIndex(indexOf({{"\xff", RawEntry{}.message()}}));
            }),
            ErrorCode::CorruptFile);
  EXPECT_EQ(codeOf([&] {
              readBundleIndex(indexOf({{"k", RawEntry{}.message()}}, false));
            }),
            ErrorCode::CorruptFile);
}

TEST(CheckpointBundle, TensorsOutsideTheDataOrOnTopOfEachOtherAreRefused) {
  const Bytes data(8);
  const auto open = [&](const std::vector<std::pair<std::string, Bytes>>& entries) {
    const Bytes index = indexOf(entries);
    Bundle(index, {data});
  };
  open({{"a", RawEntry{.offset = 4}.message()}, {"b", RawEntry{}.message()}});
  EXPECT_EQ(codeOf([&] {
              open({{"a", RawEntry{.offset = 5}.message()}});
            }),
            ErrorCode::CorruptFile);
  EXPECT_EQ(codeOf([&] {
              open({{"a", RawEntry{.offset = 9}.message()}});
            }),
            ErrorCode::CorruptFile);
  const uint64_t far = ~uint64_t{0} >> 1;
  EXPECT_EQ(codeOf([&] {
              open({{"a", RawEntry{.offset = far}.message()}});
            }),
            ErrorCode::CorruptFile);
  EXPECT_EQ(codeOf([&] {
              open({{"a", RawEntry{.shape = {far / 8}, .size = far / 8 * 4}.message()}});
            }),
            ErrorCode::CorruptFile);
  EXPECT_EQ(codeOf([&] {
              open({{"a", RawEntry{.offset = 3}.message()}, {"b", RawEntry{}.message()}});
            }),
            ErrorCode::CorruptFile);
}

TEST(CheckpointBundle, HeadersThatCannotBeServedAreRefused) {
  const auto read = [](std::string_view header) {
    TableWriter table;
    table.add("", asBytes(header));
    readBundleIndex(table.finish());
  };
  read("\x08\x01");
  EXPECT_EQ(codeOf([&] { read("\x08\x01\x10\x01"); }), ErrorCode::Unsupported) << "big-endian";
  EXPECT_EQ(codeOf([&] { read("\x08\x01\x1a\x02\x10\x02"); }), ErrorCode::Unsupported) << "newer";
  EXPECT_EQ(codeOf([&] { read("\x08\x01\x1a\x02\x18\x01"); }), ErrorCode::Unsupported)
      << "excluded";
  EXPECT_EQ(codeOf([&] { read(""); }), ErrorCode::CorruptFile) << "no shards";
  EXPECT_EQ(codeOf([&] { read("\x08\x02"); }), ErrorCode::CorruptFile) << "shards without tensors";
  EXPECT_EQ(codeOf([&] { read("\x08\xff\xff\xff\xff\x07"); }), ErrorCode::CorruptFile);
}

TEST(CheckpointBundle, SlicesAndOpaqueTensorsAreListedButNotRead) {
  const Bytes index = indexOf({{std::string("\0slice", 6), bytesOf("anything")},
                               {"part", bytesOf(withSlices({.shape = {7}, .offset = 99}))},
                               {"variant", RawEntry{.dtype = 21}.message()}});
  const auto listed = listVariables(index);
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0].name, "part");
  EXPECT_EQ(listed[1].dtype, "variant");
  const Bundle bundle(index, {ByteSpan()});
  bundle.verify();
  EXPECT_EQ(codeOf([&] { bundle.tensorBytes(*bundle.find("part")); }), ErrorCode::Unsupported);
  EXPECT_EQ(codeOf([&] { bundle.tensorBytes(*bundle.find("variant")); }), ErrorCode::Unsupported);
}

TEST(CheckpointBundle, MalformedStringTensorsAreRefused) {
  Bytes good;
  encodeStringTensor({"ab", "c"}, good);
  EXPECT_EQ(decodeStringTensor(good, 2).values[1], "c");
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(codeOf([&] { decodeStringTensor(ByteSpan(good).first(size), 2); }),
              ErrorCode::CorruptFile)
        << size;
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  EXPECT_EQ(codeOf([&] { decodeStringTensor(longer, 2); }), ErrorCode::CorruptFile);
  Bytes otherLengthsCrc = good;
  otherLengthsCrc[2] ^= std::byte{1};
  EXPECT_EQ(codeOf([&] { decodeStringTensor(otherLengthsCrc, 2); }), ErrorCode::CorruptFile);
  EXPECT_EQ(codeOf([&] { decodeStringTensor(good, 1); }), ErrorCode::CorruptFile);
  EXPECT_EQ(codeOf([&] { decodeStringTensor(good, uint64_t{1} << 60); }), ErrorCode::CorruptFile);
}

TEST(CheckpointBundle, EmptyTensorsKeepTheirPlace) {
  BundleWriter writer;
  writer.add("b", TensorflowDType::Uint8, {2}, Bytes(2));
  writer.add("z", TensorflowDType::Uint8, {0}, {});
  writer.add("a", TensorflowDType::Uint8, {3}, Bytes(3));
  const BundleFiles files = writer.finish();
  const BundleFiles again = rewrite(Bundle(files.index, {files.data}));
  EXPECT_TRUE(again.index == files.index && again.data == files.data);
}

// tf.train.Checkpoint(v={...6000 scalars...}).save of TensorFlow 2.8.4 and 2.21.0 gave an index of
// this size and checksum: three blocks.
TEST(CheckpointBundle, LargeIndexIsTensorFlows) {
  testing::TensorPool pool;
  ObjectTree tree;
  const auto dict = tree.addObject();
  tree.addChild(tree.root(), "v", dict);
  ByteWriter one;
  one.writeFixed64(1);
  const Bytes counter = one.take();
  tree.addChild(tree.root(), "save_counter",
                tree.addVariable("save_counter", {DType::Int64, {}, counter}));
  for (int i = 0; i < 6000; ++i) {
    char part[64];
    std::snprintf(part, sizeof(part), "variable_with_a_long_name_%05d", i);
    tree.addChild(dict, std::string(part) + part + part,
                  tree.addVariable("Variable", pool.floats({}, static_cast<float>(i))));
  }
  const ObjectTree::Layout layout = tree.layOut();
  BundleWriter writer;
  for (const auto& [key, value] : layout.tensors) {
    writer.add(key, toTensorflowDType(value.dtype), value.shape, value.bytes);
  }
  const Bytes graph = serializeObjectGraph(layout.graph);
  writer.addStrings(std::string(kObjectGraphKey), {}, {asText(graph)});
  const BundleFiles files = writer.finish();
  EXPECT_EQ(files.index.size(), 658546u);
  EXPECT_EQ(crc32c(files.index), 0x6d91145eu);
  EXPECT_EQ(crc32c(files.data), 0xf2388506u);
  EXPECT_EQ(readBundleIndex(files.index).entries.size(), 6002u);
}

}  // namespace
}  // namespace tabtrain
