// One of many classes.
#include <algorithm>
#include <cmath>
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
    std::string output, scores;  // scores: what the output's values are
    std::vector<std::string> labels;
};

inline Task read_task(const Node& node) {
    return {node["output"].text(), node["scores"].text(), node.labels()};
}

// Logits become probabilities; the largest is subtracted first, so that nothing overflows.
inline std::vector<float> softmax(std::vector<float> values) {
    const double largest = *std::max_element(values.begin(), values.end());
    double sum = 0;
    for (const float value : values) sum += std::exp(value - largest);
    for (float& value : values) value = static_cast<float>(std::exp(value - largest) / sum);
    return values;
}

inline Classification find_answer(const Sample& sample, const Task& task) {
    Classification result{find_output(sample, task.output).values, {}, task.labels};
    if (task.scores == "logits") result.scores = softmax(result.scores);
    for (const float score : result.scores)
        if (std::isnan(score)) throw Error("The net's scores are not numbers. Run the self-test.");
    if (!task.labels.empty() && task.labels.size() != result.scores.size())
        throw bad_manifest("task.labels must be one per class");
    result.order.resize(result.scores.size());
    std::iota(result.order.begin(), result.order.end(), std::size_t{0});
    std::stable_sort(result.order.begin(), result.order.end(), [&](std::size_t a, std::size_t b) {
        return result.scores[a] > result.scores[b];  // of equals, the smaller number comes first
    });
    return result;
}

std::vector<Scored> Classification::top(std::size_t count) const {
    std::vector<Scored> best;
    for (const std::size_t i : order)
        if (best.size() < count) best.push_back({label_of(i), i, scores[i]});
    return best;
}

std::string to_line(const Classification& result, std::size_t top) {
    std::vector<std::string> shown;
    for (const Scored& scored : result.top(top))
        shown.push_back(scored.label + format(" %.4f", scored.score));
    return join(shown);
}

std::string to_json(const Classification& result, std::size_t top) {
    std::vector<std::string> records, numbers;
    for (const Scored& scored : result.top(std::max<std::size_t>(1, top)))
        records.push_back("\"label\": " + json_text(scored.label) + ", \"index\": " +
                          std::to_string(scored.index) + ", \"score\": " + json_number(scored.score));
    for (const float score : result.scores) numbers.push_back(json_number(score));
    return "{\"task\": \"classify\", " + records[0] + ", \"top\": [{" + join(records, "}, {") +
           "}], \"scores\": " + json_list(numbers) + "}";
}
//@begin drawn

// Return the image with the three best classes.
cv::Mat draw(const Classification& result, const cv::Mat& image) {
    std::vector<std::string> lines;
    for (const Scored& scored : result.top(3)) lines.push_back(scored.label + format(" %.3f", scored.score));
    return caption(as_bgr(image), lines);
}
//@end

}  // namespace keras2cv::@namespace@
