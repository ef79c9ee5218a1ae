// Every output as it is.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

static const char* const KIND = "raw";

struct Answer {
    std::string line, json;            // for stdout; json is what stands between the braces
    std::vector<std::string> caption;  // for the picture
};

// "boxes [4, 4]"
inline std::string title(const Tensor& output) {
    std::vector<std::string> sizes;
    for (const int size : output.shape) sizes.push_back(std::to_string(size));
    return output.name + " " + json_list(sizes);
}

inline std::string first_values(const Tensor& output) {
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min<std::size_t>(4, output.values.size()); ++i)
        shown.push_back(format("%.6g", output.values[i]));
    return join(shown, " ") + (output.values.size() > 4 ? " ..." : "");
}

inline Answer make_answer(const Sample& sample, const Task&) {
    Answer answer;
    std::vector<std::string> shown, members;
    for (const Tensor& output : sample) {
        const auto range = std::minmax_element(output.values.begin(), output.values.end());
        shown.push_back(title(output) + " " + first_values(output));
        members.push_back(json_text(output.name) + ": " + json_tensor(output));
        answer.caption.push_back(title(output) + format(" %.3g", *range.first) +
                                 format("..%.3g", *range.second));
    }
    answer.line = join(shown, "; ");
    answer.json = "\"task\": \"raw\", \"outputs\": {" + join(members) + "}";
    return answer;
}
