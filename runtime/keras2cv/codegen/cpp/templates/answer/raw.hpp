// Every output as it is.
#include <algorithm>
#include <string>
#include <vector>
#pragma once

#include "drawing.hpp"  //@only drawn
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

namespace keras2cv::@namespace@ {

struct Task {};

inline Task read_task(const Node&) { return {}; }

inline RawOutputs find_answer(const Sample& sample, const Task&) { return {sample}; }

// "boxes [4, 4]"
inline std::string title(const Tensor& output) {
    std::vector<std::string> sizes;
    for (const int size : output.shape) sizes.push_back(std::to_string(size));
    return output.name + " " + json_list(sizes);
}

std::string to_line(const RawOutputs& result) {
    std::vector<std::string> shown;
    for (const Tensor& output : result.outputs) {
        std::string line = title(output);
        for (std::size_t i = 0; i < std::min<std::size_t>(4, output.values.size()); ++i)
            line += format(" %.6g", output.values[i]);
        shown.push_back(line + (output.values.size() > 4 ? " ..." : ""));
    }
    return join(shown, "; ");
}

std::string to_json(const RawOutputs& result) {
    std::vector<std::string> members;
    for (const Tensor& output : result.outputs)
        members.push_back(json_text(output.name) + ": " + json_tensor(output));
    return "{\"task\": \"raw\", \"outputs\": {" + join(members) + "}}";
}
//@begin drawn

// Return the image with each output's name, shape and range.
cv::Mat draw(const RawOutputs& result, const cv::Mat& image) {
    std::vector<std::string> lines;
    for (const Tensor& output : result.outputs) {
        const auto range = std::minmax_element(output.values.begin(), output.values.end());
        lines.push_back(title(output) + format(" %.3g", *range.first) + format("..%.3g", *range.second));
    }
    return caption(as_bgr(image), lines);
}
//@end

}  // namespace keras2cv::@namespace@
