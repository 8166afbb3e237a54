#include "layers/layer.h"

namespace tabtrain {
namespace {

/// x where x > 0, alpha x elsewhere, with a weight `alpha` for each element of a sample but for the
/// axes that share theirs. He et al., 2015; keras/layers/activation/prelu.py.
class PReLU : public Layer {
 public:
  explicit PReLU(ConfigReader& reader)
      : Layer(reader), options_(reader, "alpha", "Zeros"), sharedAxes_(reader.any("shared_axes")) {
    if (sharedAxes_.is_number()) sharedAxes_ = Json::array({sharedAxes_});
    bool isFine = sharedAxes_.is_null() || sharedAxes_.is_array();
    for (size_t i = 0; isFine && i < sharedAxes_.size(); ++i) {
      isFine = sharedAxes_[i].is_number_integer() && sharedAxes_[i].get<int64_t>() >= 1;
    }
    if (!isFine) reader.fail("shared_axes", "null, or axes behind the batch, from 1 on");
  }
  const char* className() const override { return "PReLU"; }
  std::vector<std::string> trackedAttributes() const override {
    return sharedAxes_.is_null() ? std::vector<std::string>{}
                                 : std::vector<std::string>{"shared_axes"};
  }

  Expr call(const CallContext& context, Expr x) override {
    return relu(x) - context.graph.read(*alpha_) * relu(-x);
  }

 protected:
  void build(const Shape& input) override {
    std::vector<int64_t> sizes = input.sizesWithoutBatch();
    for (const Json& axis : sharedAxes_) {
      const auto index = axis.get<int64_t>();
      require(
          index <= static_cast<int64_t>(sizes.size()),
          [&] {
            return name() + ": shared_axes: expected axes of an input of shape " +
                   input.toString() + ", got " + axis.dump();
          },
          ErrorCode::ShapeMismatch);
      sizes[static_cast<size_t>(index - 1)] = 1;
    }
    alpha_ = &addWeight("alpha", sizes, options_);
  }

  Json ownConfig() const override {
    Json json = Json::object();
    writeWeightOptions(json, {&options_});
    json["shared_axes"] = sharedAxes_;
    return json;
  }

 private:
  WeightOptions options_;
  Json sharedAxes_;
  Variable* alpha_ = nullptr;
};

}  // namespace

std::unique_ptr<Layer> makePReLU(ConfigReader& reader) { return std::make_unique<PReLU>(reader); }

}  // namespace tabtrain
