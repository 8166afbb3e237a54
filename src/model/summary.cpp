#include "model/summary.h"

#include <algorithm>
#include <array>

namespace tabtrain {
namespace {

constexpr int64_t kLineLength = 65;
constexpr size_t kColumns = 3;
using Cells = std::array<std::string, kColumns>;

/// 407050 -> "407,050".
std::string withThousands(int64_t count) {
  const std::string digits = std::to_string(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

class Table {
 public:
  explicit Table(int64_t lineLength)
      : width_(static_cast<size_t>(lineLength)),
        ends_{static_cast<size_t>(static_cast<double>(lineLength) * 0.45),
              static_cast<size_t>(static_cast<double>(lineLength) * 0.85), width_} {}

  void line(const std::string& text) { text_ += text + "\n"; }
  void rule(char c) { line(std::string(width_, c)); }
  void blank() { rule(' '); }

  /// Cells that are longer than their column go on in further lines.
  void row(Cells cells) {
    const auto isEmpty = [](const std::string& cell) { return cell.empty(); };
    while (!std::all_of(cells.begin(), cells.end(), isEmpty)) {
      std::string text;
      for (size_t column = 0; column < kColumns; ++column) {
        const size_t begin = column == 0 ? 0 : ends_[column - 1];
        const size_t gap = column + 1 < kColumns ? 2 : 0;
        const size_t room = ends_[column] - begin;
        const size_t taken = part(cells[column], room > gap ? room - gap : 1);
        if (column == 0) text += ' ';
        text += cells[column].substr(0, taken) + std::string(gap, ' ');
        cells[column].erase(0, taken);
        if (text.size() < ends_[column]) text.resize(ends_[column], ' ');
      }
      line(text);
    }
  }

  std::string take() {
    text_.pop_back();
    return std::move(text_);
  }

 private:
  /// How many characters of a cell go into a line of `room`: also no more than up to the end of the
  /// first tuple, list or record.
  static size_t part(const std::string& cell, size_t room) {
    const std::string fitting = cell.substr(0, room);
    size_t taken = room;
    for (const char* end : {"),", "},", "],", "',"}) {
      const size_t at = fitting.find(end);
      if (at != std::string::npos) taken = std::min(taken, at + 2);
    }
    return std::min(taken, cell.size());
  }

  size_t width_;
  std::array<size_t, kColumns> ends_;
  std::string text_;
};

}  // namespace

std::string summarize(const Sequential& network, int64_t lineLength) {
  require(network.isBuilt(), [] {
    return std::string(
        "summary: this model has not yet been built; call build(inputShape), or fit, evaluate or "
        "predict with data");
  });
  Table table(lineLength == 0 ? kLineLength : lineLength);
  table.line("Model: \"" + network.name() + "\"");
  table.rule('_');
  table.row({"Layer (type)", "Output Shape", "Param #"});
  table.rule('=');
  for (const auto& layer : network.sublayers()) {
    table.row({layer->name() + " (" + layer->className() + ")", layer->outputShape().toString(),
               std::to_string(layer->countParams())});
    table.blank();
  }
  table.rule('=');
  const auto [total, trainable] = network.countParams();
  table.line("Total params: " + withThousands(total));
  table.line("Trainable params: " + withThousands(trainable));
  table.line("Non-trainable params: " + withThousands(total - trainable));
  table.rule('_');
  return table.take();
}

}  // namespace tabtrain
