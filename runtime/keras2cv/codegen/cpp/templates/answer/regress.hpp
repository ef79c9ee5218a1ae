// Numbers.
#include <algorithm>
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
    std::vector<std::string> labels;
};

inline Task read_task(const Node& node) {
    return {node["output"].text(), node.labels()};
}

inline Regression find_answer(const Sample& sample, const Task& task) {
    Regression result{find_output(sample, task.output), task.labels};
    if (!task.labels.empty() && task.labels.size() != result.values.values.size())
        throw bad_manifest("task.labels must be one per value");
    return result;
}

// The first values, each with its label if it has one.
inline std::vector<std::string> first_values(const Regression& result, std::size_t most,
                                             const char* pattern) {
    const std::vector<float>& values = result.values.values;
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min(most, values.size()); ++i)
        shown.push_back((result.labels.empty() ? "" : result.labels[i] + " ") + format(pattern, values[i]));
    return shown;
}

std::string to_line(const Regression& result) {
    const std::size_t count = result.values.values.size();
    return join(first_values(result, 8, "%.6g")) +
           (count > 8 ? " ... " + std::to_string(count - 8) + " more" : "");
}

std::string to_json(const Regression& result) {
    std::vector<std::string> labels;
    for (const std::string& label : result.labels) labels.push_back(json_text(label));
    return "{\"task\": \"regress\", \"values\": " + json_tensor(result.values) +
           (labels.empty() ? "" : ", \"labels\": " + json_list(labels)) + "}";
}
//@begin drawn

// Return the image with the first five values.
cv::Mat draw(const Regression& result, const cv::Mat& image) {
    return caption(as_bgr(image), first_values(result, 5, "%.4g"));
}
//@end

}  // namespace keras2cv::@namespace@
