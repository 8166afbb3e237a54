#include "constraints/constraint.h"

namespace tabtrain {
namespace {

/// Negative elements become 0.
class NonNeg : public Constraint {
 public:
  const char* className() const override { return "NonNeg"; }
  Expr project(Expr w) const override { return w * greaterEqual(w, w.graph->constant(0.0f)); }
};

}  // namespace

std::unique_ptr<Constraint> makeNonNeg(ConfigReader&) { return std::make_unique<NonNeg>(); }

}  // namespace tabtrain
