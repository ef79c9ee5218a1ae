// A vector that is near another for images that are alike.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>
#pragma once

#include "drawing.hpp"  //@only drawn
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

namespace keras2cv::@namespace@ {

struct Task {
    std::string output;
};

double Embedding::length() const {
    return std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
}

// 1 - cos of the angle between the two.
double Embedding::cosine_distance(const Embedding& other) const {
    if (other.vector.size() != vector.size())
        throw Error("Vectors of " + std::to_string(vector.size()) + " and " +
                    std::to_string(other.vector.size()) + " numbers have no distance.");
    const double lengths = length() * other.length();
    if (!(lengths > 0)) return std::numeric_limits<double>::quiet_NaN();
    double product = 0;
    for (std::size_t i = 0; i < vector.size(); ++i)
        product += static_cast<double>(vector[i]) * other.vector[i];
    return std::min(std::max(1 - product / lengths, 0.0), 2.0);
}

inline Task read_task(const Node& node) { return {node["output"].text()}; }

inline Embedding find_answer(const Sample& sample, const Task& task) {
    return {find_output(sample, task.output).values};
}

std::string to_line(const Embedding& result) {
    return std::to_string(result.vector.size()) + format(" numbers, length %.6g", result.length());
}

std::string to_json(const Embedding& result) {
    std::vector<std::string> numbers;
    for (const float value : result.vector) numbers.push_back(json_number(value));
    return "{\"task\": \"embed\", \"vector\": " + json_list(numbers) + "}";
}
//@begin drawn

// Return the image with the vector's size and first numbers.
cv::Mat draw(const Embedding& result, const cv::Mat& image) {
    std::string first;
    for (std::size_t i = 0; i < std::min<std::size_t>(4, result.vector.size()); ++i)
        first += (i ? " " : "") + format("%.3g", result.vector[i]);
    const std::string size = std::to_string(result.vector.size());
    return caption(as_bgr(image), {size + format(" numbers, length %.3g", result.length()), first});
}
//@end

}  // namespace keras2cv::@namespace@
