#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace tabtrain {

/// The parts, one after the other: what a sum of strings gives, for a fraction of the code at each
/// place.
std::string joined(std::initializer_list<std::string_view> parts);

}  // namespace tabtrain
