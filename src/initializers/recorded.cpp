#include "initializers/recorded.h"

#include <algorithm>
#include <memory>

#include "graph/executable.h"

namespace tabtrain {
namespace {

class RecordedInitializer : public Initializer {
 public:
  explicit RecordedInitializer(const ClassConfig& config)
      : className_(config.className), recorded_(config.config[kRecorded]), config_(config.config) {
    config_.erase(kRecorded);
  }

  const char* className() const override { return className_.c_str(); }
  Json config() const override { return config_; }
  Json toJson() const override {
    return config_.empty() ? Json(className_) : Initializer::toJson();
  }

  void check(const std::vector<int64_t>& sizes, const std::string& weight) const override {
    if (recorded_.is_null()) return;
    Graph graph;
    Drawn drawn;
    const Shape given = record(graph, sizes, PhiloxStream({}, 0), drawn).shape();
    require(
        given.rank() == 0 || given == Shape::fixed(sizes),
        [&] {
          return weight + ": expected a number or " + Shape::fixed(sizes).toString() + " of " +
                 className_ + ", got " + given.toString();
        },
        ErrorCode::ShapeMismatch);
  }

  void fill(std::span<float> out, const std::vector<int64_t>& sizes,
            const PhiloxStream& stream) const override {
    if (recorded_.is_null()) return;
    auto graph = std::make_shared<Graph>();
    Drawn drawn;
    const Expr values = broadcastTo(record(*graph, sizes, stream, drawn), Shape::fixed(sizes));
    Executable run(graph, {values}, 1);
    run.run(1);
    std::copy_n(run.fetch(0), out.size(), out.begin());
  }

 private:
  using Drawn = std::vector<std::unique_ptr<Variable>>;

  /// The values; random numbers are variables in `drawn`, the nth from the nth counter on.
  Expr record(Graph& graph, const std::vector<int64_t>& sizes, const PhiloxStream& stream,
              Drawn& drawn) const {
    std::string key;
    for (const int64_t size : sizes) key += (key.empty() ? "" : ",") + std::to_string(size);
    ReplayContext context;
    context.random = [&](const char* distribution, const Shape& shape, size_t index,
                         const Json& seed) {
      const PhiloxStream own =
          (seed.is_null() ? stream : statelessStream(static_cast<uint64_t>(seed.get<int64_t>())))
              .after(index);
      const bool isUniform = std::string_view(distribution) == "RandomUniform";
      const auto draw = [own, isUniform](std::span<float> out) {
        isUniform ? fillUniform(out, own, 0, 1) : fillNormal(out, own, 0, 1);
      };
      std::vector<int64_t> extents;
      for (const Dim& dim : shape.dims()) extents.push_back(dim.size);
      drawn.push_back(std::make_unique<Variable>("", "", DType::Float32, extents,
                                                 /*trains=*/false, draw));
      return graph.read(*drawn.back());
    };
    const Json* recording = recorded_.find(key);
    require(recording != nullptr, [&] {
      return className_ + ": recorded: expected a recording for weights of shape [" + key +
             "], got " + recorded_.dump().substr(0, 100);
    });
    return toFloat(replay(graph, *recording, {}, context).at(0));
  }

  std::string className_;
  Json recorded_;
  Json config_;
};

}  // namespace

std::unique_ptr<Initializer> makeRecordedInitializer(const ClassConfig& config) {
  return std::make_unique<RecordedInitializer>(config);
}

}  // namespace tabtrain
