// Numbers.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

static const char* const KIND = "regress";

struct Answer {
    std::string line, json;            // for stdout; json is what stands between the braces
    std::vector<std::string> caption;  // for the picture
};

inline Answer make_answer(const Sample& sample, const Task& task) {
    const Tensor& output = find_output(sample, task.output);
    const std::size_t count = output.values.size();
    if (!task.labels.empty() && task.labels.size() != count)
        throw Error("manifest.json: task.labels must be one per value. Export the bundle again.");
    const auto show = [&](std::size_t i, const char* pattern) {
        return (task.labels.empty() ? "" : task.labels[i] + " ") + format(pattern, output.values[i]);
    };

    Answer answer;
    std::vector<std::string> shown, labels;
    for (std::size_t i = 0; i < std::min<std::size_t>(8, count); ++i) shown.push_back(show(i, "%.6g"));
    for (std::size_t i = 0; i < std::min<std::size_t>(5, count); ++i)
        answer.caption.push_back(show(i, "%.4g"));
    for (const std::string& label : task.labels) labels.push_back(json_text(label));
    answer.line = join(shown) + (count > 8 ? " ... " + std::to_string(count - 8) + " more" : "");
    answer.json = "\"task\": \"regress\", \"values\": " + json_tensor(output);
    if (!labels.empty()) answer.json += ", \"labels\": " + json_list(labels);
    return answer;
}
