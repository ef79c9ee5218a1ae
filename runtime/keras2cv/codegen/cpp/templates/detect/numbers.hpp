// The numbers of boxes, and what they go through.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <opencv2/core.hpp>

namespace keras2cv::@namespace@ {

using Tables = std::map<std::string, cv::Mat>;  // a part of every box -> (boxes, its numbers), float32

// 1 / (1 + exp(-x)), through the exponential that does not overflow.
template <typename Value>
Value sigmoid(Value logit) {
    const Value small = std::exp(-std::abs(logit));
    return (logit >= 0 ? Value(1) : small) / (1 + small);
}

inline float activated(float value, const std::string& activation) {
    return activation == "sigmoid" ? sigmoid(value) : value;
}

// Logits become shares of one; the largest is subtracted first, so that nothing overflows.
template <typename Value>
void softmax(Value* first, Value* last) {
    const Value largest = *std::max_element(first, last);
    Value sum = 0;
    for (Value* value = first; value != last; ++value) sum += *value = std::exp(*value - largest);
    for (Value* value = first; value != last; ++value) *value /= sum;
}

}  // namespace keras2cv::@namespace@
