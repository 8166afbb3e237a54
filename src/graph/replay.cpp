#include "graph/replay.h"

#include <algorithm>

#include "base/config_reader.h"
#include "base/error.h"

namespace tabtrain {
namespace {

class Replay {
 public:
  Replay(Graph& graph, std::vector<Expr> inputs, const ReplayContext& context)
      : graph_(graph), values_(std::move(inputs)), context_(context) {}

  std::vector<Expr> run(const Json& recording) {
    ConfigReader reader("recording", recording);
    const Json& nodes = reader.any("nodes");
    const Json& outputs = reader.any("outputs");
    if (!nodes.is_array()) reader.fail("nodes", "a list");
    if (!outputs.is_array() || outputs.empty()) reader.fail("outputs", "a list of values");
    for (const Json& node : nodes) values_.push_back(add(node));
    std::vector<Expr> results;
    for (const Json& id : outputs) results.push_back(value(id));
    return results;
  }

 private:
  Expr value(const Json& id) const {
    const auto index = id.is_number_integer() ? id.get<int64_t>() : -1;
    require(index >= 0 && index < static_cast<int64_t>(values_.size()),
            [&] { return "recording: expected the number of an earlier value, got " + id.dump(); });
    return values_[static_cast<size_t>(index)];
  }

  Expr add(const Json& node) {
    ConfigReader reader("recording", node);
    const std::string op = reader.string("op", "");
    std::vector<Expr> in;
    for (const Json& id : reader.list("in")) in.push_back(value(id));
    ConfigReader attrs(op, reader.any("attrs"));
    reader.finish();
    if (op == "Const") return graph_.constant(static_cast<float>(attrs.number("value", 0.0)));
    if (op == "Weight") return graph_.read(weight(attrs));
    if (op == "RandomUniform" || op == "RandomStandardNormal") return random(op, in, attrs);
    require(!in.empty(), [&] { return "recording: " + op + ": expected an input"; });
    if (op == "Assign") {
      graph_.assign(weight(attrs), in[0]);
      return in[0];
    }
    if (op == "MatMul") return matrixProduct(in, attrs);
    if (op == "Reshape") return reshaped(in[0], attrs);
    if (op == "Transpose") return transpose(in[0], axes(attrs, "perm", in[0].rank()));
    if (op == "OneHot") return oneHot(in[0], attrs.integer("depth", std::nullopt, 1));
    if (op == "Cast") return toFloat(in[0]);
    if (op == "ArgMax") return toFloat(argMax(in[0]));
    if (op == "Sum" || op == "Mean" || op == "Max") return reduced(op, in[0], attrs);
    const size_t arity = arityOf(op);
    require(in.size() == arity, [&] {
      return "recording: " + op + ": expected " + std::to_string(arity) + " inputs, got " +
             std::to_string(in.size());
    });
    for (Expr& each : in) each = toFloat(each);
    return graph_.apply(op, in).at(0);
  }

  /// Of the ops without attributes.
  static size_t arityOf(const std::string& op) {
    static constexpr std::string_view kOps[] = {
        " Abs Sign Square Sqrt Rsqrt Exp Log Log1p Tanh Sigmoid Relu Elu Softplus Floor Erf Neg"
        " Softmax LogSoftmax StopGradient ",
        " AddV2 Sub Mul RealDiv DivNoNan Maximum Minimum Pow Equal Greater GreaterEqual ",
        " SelectV2 "};
    for (size_t i = 0; i < std::size(kOps); ++i) {
      if (kOps[i].find(" " + op + " ") != std::string_view::npos) return i + 1;
    }
    throw Error(ErrorCode::Unsupported, "recording: there is no op " + Json(op).dump());
  }

  Expr random(const std::string& op, const std::vector<Expr>& in, ConfigReader& attrs) {
    require(context_.random != nullptr,
            [&] { return "recording: " + op + ": random numbers are for layers"; });
    const char* name = op == "RandomUniform" ? "RandomUniform" : "RandomStandardNormal";
    const Json& seed = attrs.any("seed");
    if (!seed.is_null() && !seed.is_number_integer()) attrs.fail("seed", "null or an integer");
    if (!in.empty()) return context_.random(name, in[0].shape(), random_++, seed);
    std::vector<Dim> dims;
    for (const Json& each : attrs.list("shape")) {
      const int64_t size = each.is_number_integer() ? each.get<int64_t>() : 0;
      if (!each.is_null() && size < 1) attrs.fail("shape", "extents, null for the batch");
      dims.push_back({each.is_null() ? 1 : size, each.is_null()});
    }
    return context_.random(name, Shape(std::move(dims)), random_++, seed);
  }

  Variable& weight(ConfigReader& attrs) const {
    const std::string name = attrs.string("name", "");
    Variable* found = context_.weight ? context_.weight(name) : nullptr;
    require(found != nullptr, [&] { return "recording: there is no weight " + Json(name).dump(); });
    return *found;
  }

  static Expr matrixProduct(const std::vector<Expr>& in, ConfigReader& attrs) {
    const bool turnsA = attrs.boolean("transpose_a", false);
    const bool turnsB = attrs.boolean("transpose_b", false);
    require(
        in.size() == 2 && in[1].rank() == 2 && in[0].rank() >= 2 && (in[0].rank() == 2 || !turnsA),
        [] {
          return std::string(
              "MatMul: expected inputs of shape (..., rows, inner) and (inner, columns)");
        },
        ErrorCode::ShapeMismatch);
    const Shape& a = in[0].shape();
    const Shape rows({a.product(0, a.rank() - 1), a.back()});
    const Expr y = matMul(turnsA ? in[0] : reshape(in[0], rows), in[1], turnsA, turnsB);
    if (turnsA) return y;
    std::vector<Dim> dims = a.dims();
    dims.back() = y.shape().back();
    return reshape(y, Shape(std::move(dims)));
  }

  static Expr reshaped(Expr x, ConfigReader& attrs) {
    const Json& list = attrs.any("shape");
    if (!list.is_array()) attrs.fail("shape", "a list of extents");
    Dim rest = x.shape().elements();
    std::vector<Dim> dims;
    int64_t inferred = -1;
    for (const Json& each : list) {
      const int64_t size = each.is_number_integer() ? each.get<int64_t>() : 0;
      const bool isRest = size == -1 && inferred < 0;
      if (!each.is_null() && size < 1 && !isRest) {
        attrs.fail("shape", "extents, null for the batch, and at most one -1");
      }
      if (isRest) inferred = static_cast<int64_t>(dims.size());
      dims.push_back({each.is_null() || isRest ? 1 : size, each.is_null()});
      if (each.is_null()) rest.perBatch = false;
      if (size > 0 && rest.size % size == 0) rest.size /= size;
    }
    if (inferred >= 0) dims[static_cast<size_t>(inferred)] = rest;
    return reshape(x, Shape(std::move(dims)));
  }

  /// Axes from 0, all different.
  static std::vector<int64_t> axes(ConfigReader& attrs, const char* key, size_t rank) {
    const Json& list = attrs.any(key);
    const auto count = static_cast<int64_t>(rank);
    std::vector<int64_t> result;
    if (list.is_null()) {
      for (int64_t axis = 0; axis < count; ++axis) result.push_back(axis);
      return result;
    }
    if (!list.is_array()) attrs.fail(key, "null or a list of axes");
    for (const Json& each : list) {
      const int64_t given = each.is_number_integer() ? each.get<int64_t>() : count;
      const int64_t axis = given < 0 ? given + count : given;
      const bool isNew = std::find(result.begin(), result.end(), axis) == result.end();
      if (axis < 0 || axis >= count || !isNew) {
        attrs.fail(key, "different axes of an input with " + std::to_string(rank));
      }
      result.push_back(axis);
    }
    return result;
  }

  static Expr reduced(const std::string& op, Expr x, ConfigReader& attrs) {
    std::vector<int64_t> list = axes(attrs, "axes", x.rank());
    const bool keepDims = attrs.boolean("keep_dims", false);
    std::sort(list.rbegin(), list.rend());  // so that the axes in front keep their places
    for (const int64_t axis : list) {
      const auto begin = static_cast<size_t>(axis);
      x = op == "Sum"    ? sum(x, begin, begin + 1, keepDims)
          : op == "Mean" ? mean(x, begin, begin + 1, keepDims)
                         : maxOver(x, begin, begin + 1, keepDims);
    }
    return x;
  }

  Graph& graph_;
  std::vector<Expr> values_;
  const ReplayContext& context_;
  size_t random_ = 0;
};

}  // namespace

std::vector<Expr> replay(Graph& graph, const Json& recording, const std::vector<Expr>& inputs,
                         const ReplayContext& context) {
  return Replay(graph, inputs, context).run(recording);
}

}  // namespace tabtrain
