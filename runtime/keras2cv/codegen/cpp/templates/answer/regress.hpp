// Numbers.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "drawing.hpp"  //@only drawn
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

static const char* const KIND = "regress";

struct Task {
    std::string output;
    std::vector<std::string> labels;
};

struct Answer {
    Tensor values;
    std::vector<std::string> labels;
};

inline Task read_task(const Node& node) {
    return {node["output"].text(), node.has("labels") ? node["labels"].texts() : std::vector<std::string>{}};
}

inline Answer find_answer(const Sample& sample, const Task& task) {
    Answer answer{find_output(sample, task.output), task.labels};
    if (!task.labels.empty() && task.labels.size() != answer.values.values.size())
        throw Error("manifest.json: task.labels must be one per value. Export the bundle again.");
    return answer;
}

// The first values, each with its label if it has one.
inline std::vector<std::string> first_values(const Answer& answer, std::size_t most, const char* pattern) {
    const std::vector<float>& values = answer.values.values;
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min(most, values.size()); ++i)
        shown.push_back((answer.labels.empty() ? "" : answer.labels[i] + " ") + format(pattern, values[i]));
    return shown;
}

inline std::string to_line(const Answer& answer) {
    const std::size_t count = answer.values.values.size();
    return join(first_values(answer, 8, "%.6g")) +
           (count > 8 ? " ... " + std::to_string(count - 8) + " more" : "");
}

inline std::string to_json(const Answer& answer) {
    std::vector<std::string> labels;
    for (const std::string& label : answer.labels) labels.push_back(json_text(label));
    return "\"task\": \"regress\", \"values\": " + json_tensor(answer.values) +
           (labels.empty() ? "" : ", \"labels\": " + json_list(labels));
}
//@begin drawn

// Return the image with the first five values.
inline cv::Mat draw(const Answer& answer, const cv::Mat& image) {
    return caption(image, first_values(answer, 5, "%.4g"));
}
//@end
