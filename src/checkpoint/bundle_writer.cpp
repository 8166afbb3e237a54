#include "base/error.h"
#include "checkpoint/bundle.h"
#include "checkpoint/bundle_entry.h"
#include "checkpoint/crc32c.h"
#include "checkpoint/string_tensor.h"
#include "checkpoint/table.h"

namespace tabtrain {

void BundleWriter::add(std::string key, TensorflowDType dtype, std::vector<int64_t> shape,
                       ByteSpan bytes) {
  const auto elements = countElements(shape);
  const size_t itemSize = tensorflowItemSize(dtype);
  if (!elements || itemSize == 0 || bytes.size() % itemSize != 0 ||
      bytes.size() / itemSize != *elements) {
    throw Error(ErrorCode::InvalidArgument, "checkpoint: tensor " + quoted(key) + " of " +
                                                tensorflowDTypeName(dtype) + " came with " +
                                                std::to_string(bytes.size()) +
                                                " bytes, which does not agree with its shape");
  }
  BundleEntry entry{.key = std::move(key), .dtype = dtype, .shape = std::move(shape)};
  entry.elements = *elements;
  entry.offset = data_.size();
  entry.size = bytes.size();
  entry.maskedCrc = maskCrc32c(crc32c(bytes));
  data_.insert(data_.end(), bytes.begin(), bytes.end());
  entries_.push_back(std::move(entry));
}

void BundleWriter::addStrings(std::string key, std::vector<int64_t> shape,
                              const std::vector<std::string_view>& values) {
  const auto elements = countElements(shape);
  if (elements != values.size()) {
    throw Error(ErrorCode::InvalidArgument, "checkpoint: string tensor " + quoted(key) +
                                                " came with " + std::to_string(values.size()) +
                                                " strings, which does not agree with its shape");
  }
  BundleEntry entry{
      .key = std::move(key), .dtype = TensorflowDType::String, .shape = std::move(shape)};
  entry.elements = *elements;
  entry.offset = data_.size();
  entry.maskedCrc = encodeStringTensor(values, data_);
  entry.size = data_.size() - entry.offset;
  entries_.push_back(std::move(entry));
}

BundleFiles BundleWriter::finish() {
  std::vector<const BundleEntry*> sorted;
  for (const BundleEntry& entry : entries_) sorted.push_back(&entry);
  sortByKey(sorted);
  TableWriter table;
  table.add("", serializeBundleHeader());
  for (const BundleEntry* entry : sorted) table.add(entry->key, serializeBundleEntry(*entry));
  return {table.finish(), std::move(data_)};
}

}  // namespace tabtrain
