#include "base/dtype.h"

#include <array>

#include "base/error.h"

namespace tabtrain {
namespace {

struct NamedDType {
  DType dtype;
  const char* name;
};

constexpr std::array kNames = {
    NamedDType{DType::Float32, "float32"}, NamedDType{DType::Float64, "float64"},
    NamedDType{DType::Int32, "int32"},     NamedDType{DType::Uint8, "uint8"},
    NamedDType{DType::Int64, "int64"},     NamedDType{DType::Bool, "bool"},
};

}  // namespace

const char* dtypeName(DType dtype) {
  for (const auto& row : kNames) {
    if (row.dtype == dtype) return row.name;
  }
  return "unknown";
}

DType dtypeFromName(std::string_view name) {
  for (const auto& row : kNames) {
    if (name == row.name) return row.dtype;
  }
  throw Error(ErrorCode::InvalidArgument,
              "dtype: expected one of float32, float64, int32, uint8, "
              "int64, bool; got \"" +
                  std::string(name) + "\"");
}

}  // namespace tabtrain
