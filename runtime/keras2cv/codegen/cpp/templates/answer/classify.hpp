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
    std::vector<double> class_scores;  // of each class, below which it is unknown; may be empty
};

inline Task read_task(const Node& node) {
    Task task{node["output"].text(), node["scores"].text(), node.labels(), {}};
    if (node.has("class_scores")) {
        task.class_scores = node["class_scores"].numbers();
        node["class_scores"].expect(task.class_scores.size() == task.labels.size(), "one per label");
    }
    return task;
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
    Classification result{find_output(sample, task.output).values, {}, task.labels, task.class_scores};
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

// Return the best classes as people read them: the first may be "unknown (label)".
inline std::vector<std::string> shown(const Classification& result, std::size_t top, const char* score) {
    std::vector<std::string> lines;
    for (const Scored& scored : result.top(top)) {
        const bool is_doubtful = lines.empty() && !result.is_known();
        lines.push_back((is_doubtful ? "unknown (" + scored.label + ")" : scored.label) +
                        format(score, scored.score));
    }
    return lines;
}

std::string to_line(const Classification& result, std::size_t top) {
    return join(shown(result, top, " %.4f"));
}

std::string to_json(const Classification& result, std::size_t top) {
    std::vector<std::string> records, numbers;
    for (const Scored& scored : result.top(std::max<std::size_t>(1, top)))
        records.push_back("\"label\": " + json_text(scored.label) + ", \"index\": " +
                          std::to_string(scored.index) + ", \"score\": " + json_number(scored.score));
    for (const float score : result.scores) numbers.push_back(json_number(score));
    const std::string best = "\"label\": " + json_text(result.label()) +
                             records[0].substr(records[0].rfind(", \"index\": "));
    return "{\"task\": \"classify\", " + best + ", \"top\": [{" + join(records, "}, {") +
           "}], \"scores\": " + json_list(numbers) + "}";
}
//@begin drawn

// Return the image with the three best classes.
cv::Mat draw(const Classification& result, const cv::Mat& image) {
    return caption(as_bgr(image), shown(result, 3, " %.3f"));
}
//@end

}  // namespace keras2cv::@namespace@
