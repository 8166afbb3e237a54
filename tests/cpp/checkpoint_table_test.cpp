#include "checkpoint/table.h"

#include <gtest/gtest.h>

#include "checkpoint/crc32c.h"
#include "checkpoint/snappy.h"
#include "checkpoint_fixtures.h"

namespace tabtrain {
namespace {

using testing::codeOf;

using Entries = std::vector<std::pair<std::string, std::string>>;

Bytes writeTable(const Entries& entries, size_t blockSize = TableWriter::kBlockSize) {
  TableWriter writer(blockSize);
  for (const auto& [key, value] : entries) writer.add(key, asBytes(value));
  return writer.finish();
}

Entries readEntries(ByteSpan file) {
  Entries entries;
  readTable(file, [&](std::string_view key, ByteSpan value) {
    entries.emplace_back(key, asText(value));
  });
  return entries;
}

Entries numbered(int count) {
  Entries entries = {{"", "header"}};
  for (int i = 0; i < count; ++i) {
    char key[32];
    std::snprintf(key, sizeof(key), "layer-%05d/kernel", i);
    entries.emplace_back(key, std::string(static_cast<size_t>(i % 7), 'v'));
  }
  return entries;
}

/// A table of one data block whose stored bytes are given, with right checksums.
Bytes tableOfBlock(ByteSpan stored, uint8_t type, std::string_view indexKey) {
  ByteWriter file;
  const auto block = [&](ByteSpan content, uint8_t blockType) {
    ByteWriter handle;
    handle.writeVarint(file.size());
    handle.writeVarint(content.size());
    const std::byte typeByte{blockType};
    file.writeBytes(content);
    file.writeByte(blockType);
    file.writeFixed32(maskCrc32c(crc32c({&typeByte, 1}, crc32c(content))));
    return handle.take();
  };
  const Bytes dataHandle = block(stored, type);
  ByteWriter empty;
  empty.writeFixed32(0);
  empty.writeFixed32(1);
  Bytes footer = block(empty.view(), kBlockPlain);
  ByteWriter index;
  index.writeVarint(0);
  index.writeVarint(indexKey.size());
  index.writeVarint(dataHandle.size());
  index.writeText(indexKey);
  index.writeBytes(dataHandle);
  index.writeFixed32(0);
  index.writeFixed32(1);
  const Bytes indexHandle = block(index.view(), kBlockPlain);
  footer.insert(footer.end(), indexHandle.begin(), indexHandle.end());
  footer.resize(40);
  file.writeBytes(footer);
  file.writeFixed64(kTableMagic);
  return file.take();
}

TEST(CheckpointTable, EmptyMetaindexAndFooterAreTensorFlows) {
  const Bytes file = writeTable({{"", "x"}});
  // Entry 00 00 01 'x', restart 0, one restart, type 0, checksum.
  EXPECT_EQ(asText(file).substr(0, 13), std::string("\0\0\1x\0\0\0\0\1\0\0\0\0", 13));
  EXPECT_EQ(asText(file).substr(17, 9), std::string("\0\0\0\0\1\0\0\0\0", 9));
  EXPECT_EQ(asText(file).substr(file.size() - 8), "\x57\xfb\x80\x8b\x24\x75\x47\xdb");
}

TEST(CheckpointTable, ReadsWhatItWroteInOneAndInManyBlocks) {
  const Entries entries = numbered(500);
  EXPECT_EQ(readEntries(writeTable(entries)), entries);
  for (const size_t blockSize : {1, 64, 200, 1000, 5000}) {
    EXPECT_EQ(readEntries(writeTable(entries, blockSize)), entries) << blockSize;
  }
}

TEST(CheckpointTable, IndexKeysAreShortSeparators) {
  // Each key fills a block of its own: its index key is the shortest that separates it from the
  // next.
  const Bytes file = writeTable({{"abc", "1"}, {"abx", "2"}, {"abxa", "3"}, {"c\xff", "4"}}, 1);
  const std::string_view text = asText(file);
  const size_t index = text.find(std::string("\0\3\2abd", 6));
  ASSERT_NE(index, std::string_view::npos) << "abc | abx -> abd";
  EXPECT_NE(text.find(std::string("\0\3\2abx", 6), index), std::string_view::npos) << "prefix";
  EXPECT_NE(text.find(std::string("\0\1\2b", 4), index), std::string_view::npos) << "abxa | c -> b";
  EXPECT_NE(text.find(std::string("\0\1\2d", 4), index), std::string_view::npos)
      << "successor of c";
}

TEST(CheckpointTable, AnEntryOfTwoBlocksStartsABlock) {
  const Bytes file = writeTable({{"a", "1"}, {"c", std::string(200, 'x')}}, 100);
  EXPECT_NE(asText(file).find(std::string("\0\1\2b", 4)), std::string_view::npos);
  const Bytes smaller = writeTable({{"a", "1"}, {"c", std::string(198, 'x')}}, 100);
  EXPECT_EQ(asText(smaller).find(std::string("\0\1\2b", 4)), std::string_view::npos);
}

TEST(CheckpointTable, WriterRefusesKeysOutOfOrder) {
  TableWriter writer;
  writer.add("b", {});
  EXPECT_EQ(codeOf([&] { writer.add("b", {}); }), ErrorCode::InvalidArgument);
  EXPECT_EQ(codeOf([&] { writer.add("a", {}); }), ErrorCode::InvalidArgument);
}

TEST(CheckpointTable, ReadsSnappyBlocks) {
  ByteWriter packed;
  packed.writeVarint(37);
  packed.writeByte((5 - 1) << 2);  // literal: an entry with key "k" and 20 bytes of value, of which
  packed.writeText(std::string_view("\0\1\x14ka", 5));
  packed.writeByte((19 - 1) << 2 | 2);  // 19 are copies from one byte back
  packed.writeByte(1);
  packed.writeByte(0);
  packed.writeByte(60 << 2);  // literal with its length in a byte: an entry, the restart array
  packed.writeByte(13 - 1);
  packed.writeText(std::string_view("\0\1\1lz\0\0\0\0\1\0\0\0", 13));
  const Entries expected = {{"k", std::string(20, 'a')}, {"l", "z"}};
  EXPECT_EQ(readEntries(tableOfBlock(packed.view(), kBlockSnappy, "m")), expected);
}

TEST(CheckpointTable, SnappyElementsOfAllKinds) {
  ByteWriter packed;
  packed.writeVarint(4 + 4 + 8 + 5);
  packed.writeByte(3 << 2);
  packed.writeText("abcd");
  packed.writeByte(1 | 0 << 2 | 0 << 5);  // copy of 4, one byte of offset
  packed.writeByte(4);
  packed.writeByte(7 << 2 | 3);  // copy of 8, four bytes of offset, overlapping itself
  packed.writeFixed32(2);
  packed.writeByte(61 << 2);  // literal, length in two bytes
  packed.writeByte(5 - 1);
  packed.writeByte(0);
  packed.writeText("12345");
  EXPECT_EQ(asText(decodeSnappy(packed.view())), "abcdabcdcdcdcdcd12345");
}

TEST(CheckpointTable, SnappyBombsAndLiesAreRefused) {
  const std::vector<std::pair<const char*, std::string>> cases = {
      {"bomb", std::string("\xff\xff\xff\xff\x0f\0a", 7)},
      {"varint too long", std::string("\xff\xff\xff\xff\xff\x01\0a", 8)},
      {"empty", ""},
      {"less than stated", std::string("\5\0a", 3)},
      {"more than stated", std::string("\1\4ab", 4)},
      {"copy before the start", std::string("\5\0a\1\2", 5)},
      {"copy with offset 0", std::string("\5\0a\1\0", 5)},
      {"literal cut off", std::string("\5\x10"
                                      "ab",
                                      4)},
      {"length cut off", std::string("\5\xfc\1", 3)},
      {"literal of 4 GiB", std::string("\5\xfc\xff\xff\xff\xff", 6)},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(codeOf([&] { decodeSnappy(asBytes(test.second)); }), ErrorCode::CorruptFile)
        << test.first;
  }
  std::string message;
  EXPECT_EQ(codeOf([&] { decodeSnappy(asBytes(cases[0].second)); }, &message),
            ErrorCode::CorruptFile);
  EXPECT_NE(message.find("more than 7 bytes of input can give"), std::string::npos) << message;
}

TEST(CheckpointTable, MalformedBlocksAreRefused) {
  const auto content = [](std::string entries, std::vector<uint32_t> restarts, uint32_t count) {
    ByteWriter writer;
    writer.writeText(entries);
    for (const uint32_t restart : restarts) writer.writeFixed32(restart);
    writer.writeFixed32(count);
    return writer.take();
  };
  const std::string k("\0\1\1kx", 5);
  const std::string l("\0\1\1lx", 5);
  EXPECT_EQ(readEntries(tableOfBlock(content(k + l, {0, 5}, 2), 0, "m")).size(), 2u);
  const std::vector<std::tuple<const char*, Bytes, std::string>> cases = {
      {"no restart array", Bytes(3), "m"},
      {"no restarts", content(k, {}, 0), "m"},
      {"more restarts than fit", content(k, {0}, 9), "m"},
      {"4 billion restarts", content(k, {0}, 0xffffffffu), "m"},
      {"first restart elsewhere", content(k + l, {5}, 1), "m"},
      {"restart inside an entry", content(k + l, {0, 3}, 2), "m"},
      {"restart behind the entries", content(k + l, {0, 99}, 2), "m"},
      {"restarts fall", content(k + l, {0, 5, 0}, 3), "m"},
      {"restart shares a prefix", content(k + std::string("\1\1\1lx", 5), {0, 5}, 2), "m"},
      {"shares more than there is", content(std::string("\2\1\1kx", 5), {0}, 1), "m"},
      {"shares after a shorter key", content(k + std::string("\2\1\1lx", 5), {0}, 1), "m"},
      {"unshared part too long", content(std::string("\0\x7f\1kx", 5), {0}, 1), "m"},
      {"value too long", content(std::string("\0\1\x7fkx", 5), {0}, 1), "m"},
      {"value length overflows", content(std::string("\0\1\xff\xff\xff\xff\xff\1kx", 10), {0}, 1),
       "m"},
      {"same key twice", content(k + k, {0}, 1), "m"},
      {"keys fall", content(l + k, {0}, 1), "m"},
      {"index key below the block", content(k + l, {0}, 1), "k"},
  };
  for (const auto& test : cases) {
    const Bytes table = tableOfBlock(std::get<1>(test), 0, std::get<2>(test));
    EXPECT_EQ(codeOf([&] { readEntries(table); }), ErrorCode::CorruptFile) << std::get<0>(test);
  }
  EXPECT_EQ(codeOf([&] { readEntries(tableOfBlock(content(k, {0}, 1), 2, "m")); }),
            ErrorCode::Unsupported);
}

TEST(CheckpointTable, KeysThatUnfoldIntoFarMoreThanTheFileAreRefused) {
  // A key of 4 KiB, then entries of 5 bytes that each share all of it.
  ByteWriter block;
  block.writeVarint(0);
  block.writeVarint(4096);
  block.writeVarint(0);
  block.writeText(std::string(4096, 'a'));
  for (int i = 0; i < 255; ++i) {
    block.writeVarint(4096 + static_cast<uint64_t>(i));
    block.writeVarint(1);
    block.writeVarint(0);
    block.writeText("a");
  }
  block.writeFixed32(0);
  block.writeFixed32(1);
  std::string message;
  EXPECT_EQ(codeOf([&] { readEntries(tableOfBlock(block.view(), 0, "b")); }, &message),
            ErrorCode::CorruptFile);
  EXPECT_NE(message.find("64 times"), std::string::npos) << message;
}

TEST(CheckpointTable, FootersThatLieAreRefused) {
  const Bytes good = writeTable(numbered(40));
  const auto withHandles = [&](const std::vector<uint64_t>& numbers) {
    ByteWriter footer;
    for (const uint64_t number : numbers) footer.writeVarint(number);
    Bytes handles = footer.take();
    handles.resize(40);
    Bytes file = good;
    std::copy(handles.begin(), handles.end(), file.end() - 48);
    return file;
  };
  const uint64_t huge = ~uint64_t{0};
  const std::vector<std::vector<uint64_t>> cases = {
      {0, 0, 0, 0},
      {huge, 8, huge, 8},
      {0, huge, 0, huge},
      {huge, huge, huge, huge},
      {good.size(), 0, good.size(), 0},
      {1, huge - 4, 1, huge - 4},
      {0, huge - 5, 0, huge - 5},
  };
  for (const auto& numbers : cases) {
    EXPECT_EQ(codeOf([&] { readEntries(withHandles(numbers)); }), ErrorCode::CorruptFile)
        << numbers[0] << " " << numbers[1];
  }
  Bytes overlong = good;
  std::fill(overlong.end() - 48, overlong.end() - 8, std::byte{0xff});
  EXPECT_EQ(codeOf([&] { readEntries(overlong); }), ErrorCode::CorruptFile);
  EXPECT_EQ(codeOf([&] { readEntries(Bytes()); }), ErrorCode::CorruptFile);
  EXPECT_EQ(codeOf([&] { readEntries(Bytes(48)); }), ErrorCode::CorruptFile);
}

}  // namespace
}  // namespace tabtrain
