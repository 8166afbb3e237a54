#include <algorithm>
#include <cmath>

#include "layers/axes.h"
#include "layers/constant_tensor.h"
#include "layers/layer.h"

namespace tabtrain {
namespace {

/// (x - mean) / max(sqrt(variance), 1e-7), or the inverse, with a mean and a variance for each
/// index along `axis`, those of arguments or those of the data that `adapt` saw. Without any axis
/// there is one for all. keras/layers/preprocessing/normalization.py.
class Normalization : public Layer, public Adaptable {
 public:
  explicit Normalization(ConfigReader& reader)
      : Layer(reader),
        axes_(reader.any("axis")),
        givenMean_(reader, "mean", nullptr),
        givenVariance_(reader, "variance", nullptr),
        invert_(reader.boolean("invert", false)),
        adapted_(reader.any("adapted")) {
    // A list is what Keras writes; there, null means no axis, and absent means the last one.
    if (axes_.is_null()) axes_ = reader.has("axis") ? Json::array() : Json::array({-1});
    if (axes_.is_number()) axes_ = Json::array({axes_});
    if (!axes_.is_array() || !std::all_of(axes_.begin(), axes_.end(), [](const Json& axis) {
          return axis.is_number_integer();
        })) {
      reader.fail("axis", "null, an integer or a list of integers");
    }
    if (givenMean_.json().is_null() != givenVariance_.json().is_null()) {
      reader.fail("variance", "mean and variance, or neither");
    }
  }

  const char* className() const override { return "Normalization"; }
  Adaptable* adaptable() override { return this; }
  std::vector<std::string> trackedAttributes() const override {
    std::vector<std::string> lists;
    givenMean_.track("input_mean", lists);
    givenVariance_.track("input_variance", lists);
    for (const char* name : {"_keep_axis", "_reduce_axis", "_reduce_axis_mask", "_broadcast_shape"})
      lists.emplace_back(name);
    return lists;
  }

  Expr call(const CallContext& context, Expr x) override {
    Graph& graph = context.graph;
    const auto read = [&](Variable* weight, const ConstantTensor& given) {
      const Expr value = weight != nullptr ? graph.read(*weight)
                                           : broadcastTo(given.read(graph), Shape::fixed(sizes_));
      return alongAxes(value, keptAxes_, x.shape());
    };
    const Expr mean = read(mean_, givenMean_);
    const Expr deviation =
        maximum(squareRoot(read(variance_, givenVariance_)), graph.constant(1e-7f));
    return invert_ ? mean + x * deviation : (x - mean) / deviation;
  }

  void adapt(const Tensor& data, ReadRow read) override {
    require(
        Shape::batched(data.rowSizes()) == input_,
        [&] {
          return name() + ": adapt: expected data of shape " + input_.toString() + ", got " +
                 Shape::batched(data.rowSizes()).toString();
        },
        ErrorCode::ShapeMismatch);
    require(mean_ != nullptr, [&] {
      return name() + ": adapt: expected a layer without mean and variance, got mean " +
             givenMean_.json().dump().substr(0, 100);
    });
    const std::vector<size_t> places = placesOfRow();
    const int64_t count = data.count() / mean_->count();
    std::vector<float> row(places.size());
    std::vector<double> mean(static_cast<size_t>(mean_->count()));
    std::vector<double> variance(mean.size());
    const auto addUp = [&](auto add) {
      for (int64_t r = 0; r < data.rows(); ++r) {
        read(data, r, row.data());
        for (size_t i = 0; i < row.size(); ++i) add(places[i], static_cast<double>(row[i]));
      }
    };
    addUp([&](size_t place, double value) { mean[place] += value; });
    for (double& each : mean) each /= static_cast<double>(count);
    addUp([&](size_t place, double value) {
      variance[place] += (value - mean[place]) * (value - mean[place]);
    });
    for (double& each : variance) each /= static_cast<double>(count);
    std::copy(mean.begin(), mean.end(), mean_->floats());
    std::copy(variance.begin(), variance.end(), variance_->floats());
    count_->int64() = count;
  }

 protected:
  void build(const Shape& input) override {
    input_ = input;
    keptAxes_ = resolveAxes(axes_, input, name());
    std::sort(keptAxes_.begin(), keptAxes_.end());
    sizes_.clear();
    for (size_t axis : keptAxes_) sizes_.push_back(input[axis].size);
    if (!givenMean_.json().is_null()) return;
    mean_ = &addWeight("mean", sizes_, *zeros_, false);
    variance_ = &addWeight("variance", sizes_, *ones_, false);
    count_ = &addCounter("count");
    if (!adapted_.is_null()) restore();
  }

  Json ownConfig() const override {
    Json json = {{"axis", axes_}};
    // Keras 2.8 does not know the argument.
    if (invert_) json["invert"] = true;
    json["mean"] = givenMean_.json();
    json["variance"] = givenVariance_.json();
    return json;
  }

 private:
  /// What an `adapt` before the model was made has found: {"mean": [...], "variance": [...],
  /// "count": n}, elements in the order of the weights'. Not a part of Keras's config.
  void restore() {
    ConfigReader reader(name(), adapted_);
    for (const auto& [key, weight] : {std::pair{"mean", mean_}, std::pair{"variance", variance_}}) {
      const Json& values = reader.any(key);
      if (!values.is_array() || static_cast<int64_t>(values.size()) != weight->count()) {
        reader.fail(key, std::to_string(weight->count()) + " numbers, as the axes of the input");
      }
      // JSON has null for what is not finite.
      for (size_t i = 0; i < values.size(); ++i) {
        weight->floats()[i] = values[i].is_number() ? values[i].get<float>() : std::nanf("");
      }
    }
    count_->int64() = reader.integer("count", std::nullopt, 1);
  }

  /// Of each element of a sample the mean that it counts for.
  std::vector<size_t> placesOfRow() const {
    std::vector<size_t> places(static_cast<size_t>(input_.product(1, input_.rank()).size));
    for (size_t i = 0; i < places.size(); ++i) {
      size_t stride = 1;
      size_t rest = i;
      for (size_t axis = input_.rank() - 1; axis > 0; --axis) {
        const auto size = static_cast<size_t>(input_[axis].size);
        if (std::find(keptAxes_.begin(), keptAxes_.end(), axis) != keptAxes_.end()) {
          places[i] += rest % size * stride;
          stride *= size;
        }
        rest /= size;
      }
    }
    return places;
  }

  Json axes_;
  ConstantTensor givenMean_;
  ConstantTensor givenVariance_;
  bool invert_;
  Json adapted_;
  Shape input_;
  std::vector<size_t> keptAxes_;  // in rising order
  std::vector<int64_t> sizes_;    // of mean and variance
  std::unique_ptr<Initializer> zeros_ = makeInitializer("Zeros", "mean");
  std::unique_ptr<Initializer> ones_ = makeInitializer("Ones", "variance");
  Variable* mean_ = nullptr;
  Variable* variance_ = nullptr;
  Variable* count_ = nullptr;
};

}  // namespace

std::unique_ptr<Layer> makeNormalization(ConfigReader& reader) {
  return std::make_unique<Normalization>(reader);
}

}  // namespace tabtrain
