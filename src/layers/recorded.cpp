#include "layers/recorded.h"

#include "layers/constant_tensor.h"

namespace tabtrain {
namespace {

/// The part of a config that every layer has, for a reader that refuses all others.
Json sharedConfig(const Json& config) {
  Json shared = Json::object();
  for (const char* key : {"name", "trainable", "dtype", "batch_input_shape"}) {
    if (const Json* value = config.find(key)) shared[key] = *value;
  }
  return shared;
}

struct RecordedWeight {
  std::string name;
  std::vector<int64_t> sizes;
  bool trains;
  std::unique_ptr<WeightOptions> options;
};

class RecordedLayer : public Layer {
 public:
  RecordedLayer(ConfigReader& shared, const ClassConfig& config)
      : Layer(shared), className_(config.className), config_(config.config) {
    ConfigReader reader(className_, config_[kRecorded]);
    for (const Json& weight : reader.list("weights")) readWeight(weight);
    inference_ = reader.any("inference");
    training_ = reader.any("training");
    losses_ = reader.list("losses");
    readConstants(reader.list("constants"));
    reader.finish();
    config_.erase(kRecorded);
  }

  const char* className() const override { return className_.c_str(); }

  Json config() const override {
    Json config = config_;
    config.update(Layer::config());
    return config;
  }

  Expr call(const CallContext& context, Expr x) override {
    const Json& recording = context.training && !training_.is_null() ? training_ : inference_;
    ReplayContext own = replayContext();
    own.random = [&](const char* distribution, const Shape& shape, size_t index, const Json&) {
      return randomNumbers(distribution, context.graph.read(context.step), shape, context.seed,
                           path() + "/random/" + std::to_string(index));
    };
    const Expr y = single(replay(context.graph, recording, {x}, own));
    require(
        y.shape().isBatched(),
        [&] {
          return name() + ": expected an output whose first axis is the batch, got " +
                 y.shape().toString();
        },
        ErrorCode::ShapeMismatch);
    return y;
  }

  void addWeightLosses(Graph& graph, std::vector<Expr>& losses) const override {
    Layer::addWeightLosses(graph, losses);
    for (const Json& recording : losses_) {
      losses.push_back(single(replay(graph, recording, {}, replayContext())));
    }
  }

 protected:
  void build(const Shape&) override {
    for (const RecordedWeight& weight : recorded_) {
      if (weight.trains) {
        addWeight(weight.name, weight.sizes, *weight.options);
      } else {
        addWeight(weight.name, weight.sizes, weight.options->initializer(), false);
      }
    }
  }

 private:
  Expr single(const std::vector<Expr>& results) const {
    require(results.size() == 1, [&] { return name() + ": expected one output"; });
    return results[0];
  }

  ReplayContext replayContext() const {
    ReplayContext context;
    context.weight = [this](const std::string& wanted) -> Variable* {
      for (const auto& weight : weights()) {
        if (weight->name() == name() + "/" + wanted) return weight.get();
      }
      for (size_t i = 0; i < constants_.size(); ++i) {
        if (wanted == constantName(i)) return constants_[i]->variable();
      }
      return nullptr;
    };
    return context;
  }

  void readConstants(const Json& list) {
    for (const Json& each : list) {
      const std::string name = constantName(constants_.size());
      Json config = Json::object();
      config[name] = each;
      ConfigReader reader(className_, config);
      constants_.push_back(std::make_unique<ConstantTensor>(reader, name, Json()));
    }
  }

  /// What no weight is called.
  static std::string constantName(size_t index) { return "//" + std::to_string(index); }

  void readWeight(const Json& json) {
    ConfigReader reader(className_ + ": weight", json);
    RecordedWeight weight{
        reader.string("name", ""), {}, reader.boolean("trainable", true), nullptr};
    const std::string framed = "/" + weight.name + "/";
    if (framed.find("//") != std::string::npos) reader.fail("name", "names with \"/\" between");
    for (const Json& size : reader.list("shape")) {
      if (!size.is_number_integer() || size.get<int64_t>() < 1) {
        reader.fail("shape", "a list of extents");
      }
      weight.sizes.push_back(size.get<int64_t>());
    }
    Json options = Json::object();
    for (const char* kind : {"initializer", "regularizer", "constraint"}) {
      options[weight.name + "_" + kind] = reader.any(kind);
    }
    ConfigReader optionsReader(className_, options);
    weight.options = std::make_unique<WeightOptions>(optionsReader, weight.name, "GlorotUniform");
    reader.finish();
    recorded_.push_back(std::move(weight));
  }

  std::string className_;
  Json config_;
  std::vector<RecordedWeight> recorded_;
  Json inference_;
  Json training_;
  Json losses_;
  std::vector<std::unique_ptr<ConstantTensor>> constants_;
};

}  // namespace

std::unique_ptr<Layer> makeRecordedLayer(const ClassConfig& config) {
  const Json shared = sharedConfig(config.config);
  ConfigReader reader(config.className, shared);
  return std::make_unique<RecordedLayer>(reader, config);
}

}  // namespace tabtrain
