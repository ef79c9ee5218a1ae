// A vector that is near another for images that are alike.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "drawing.hpp"  //@only drawn
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

static const char* const KIND = "embed";

struct Task {
    std::string output;
};

struct Answer {
    std::vector<float> vector;

    double length() const {
        return std::sqrt(std::inner_product(vector.begin(), vector.end(), vector.begin(), 0.0));
    }
};

// 1 - cos of the angle between the two: 0 (same direction) to 2.
inline double cosine_distance(const Answer& a, const Answer& b) {
    const double length = a.length() * b.length();
    if (!(length > 0)) return std::numeric_limits<double>::quiet_NaN();
    double product = 0;
    for (std::size_t i = 0; i < a.vector.size(); ++i)
        product += static_cast<double>(a.vector[i]) * b.vector[i];
    return std::min(std::max(1 - product / length, 0.0), 2.0);
}

inline Task read_task(const Node& node) { return {node["output"].text()}; }

inline Answer find_answer(const Sample& sample, const Task& task) {
    return {find_output(sample, task.output).values};
}

inline std::string to_line(const Answer& answer) {
    return std::to_string(answer.vector.size()) + format(" numbers, length %.6g", answer.length());
}

inline std::string to_json(const Answer& answer) {
    std::vector<std::string> numbers;
    for (const float value : answer.vector) numbers.push_back(json_number(value));
    return "\"task\": \"embed\", \"vector\": " + json_list(numbers);
}
//@begin drawn

// Return the image with the vector's size and first numbers.
inline cv::Mat draw(const Answer& answer, const cv::Mat& image) {
    std::string first;
    for (std::size_t i = 0; i < std::min<std::size_t>(4, answer.vector.size()); ++i)
        first += (i ? " " : "") + format("%.3g", answer.vector[i]);
    const std::string size = std::to_string(answer.vector.size());
    return caption(image, {size + format(" numbers, length %.3g", answer.length()), first});
}
//@end
