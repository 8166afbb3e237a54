#include <algorithm>

#include "layers/layer.h"

namespace tabtrain {
namespace {

/// The axes behind the batch in another order: `dims` [2, 1] swaps two.
/// keras/layers/reshaping/permute.py.
class Permute : public Layer {
 public:
  explicit Permute(ConfigReader& reader) : Layer(reader), dims_(reader.any("dims")) {
    bool isFine = dims_.is_array();
    for (size_t i = 1; isFine && i <= dims_.size(); ++i) {
      isFine = std::find(dims_.begin(), dims_.end(), Json(i)) != dims_.end();
    }
    if (!isFine) reader.fail("dims", "a list of the axes from 1 on, each one once");
  }
  const char* className() const override { return "Permute"; }

  Expr call(const CallContext&, Expr x) override {
    require(
        x.rank() == dims_.size() + 1,
        [&] {
          return name() + ": expected an input with " + std::to_string(dims_.size()) +
                 " axes behind the batch, got " + x.shape().toString();
        },
        ErrorCode::ShapeMismatch);
    std::vector<int64_t> order = {0};
    for (const Json& axis : dims_) order.push_back(axis.get<int64_t>());
    return transpose(x, order);
  }

 protected:
  Json ownConfig() const override { return {{"dims", dims_}}; }

 private:
  Json dims_;
};

}  // namespace

std::unique_ptr<Layer> makePermute(ConfigReader& reader) {
  return std::make_unique<Permute>(reader);
}

}  // namespace tabtrain
