// One of many classes.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "drawing.hpp"  //@only drawn
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

static const char* const KIND = "classify";

struct Task {
    std::string output, scores;  // scores: what the output's values are
    std::vector<std::string> labels;
    std::size_t top = 3;  // how many classes are printed
};

struct Answer {
    std::vector<float> scores;       // one per class
    std::vector<std::size_t> order;  // the numbers of the classes, best first
    std::vector<std::string> labels;
    std::size_t top;

    std::string label_of(std::size_t i) const { return labels.empty() ? std::to_string(i) : labels[i]; }
};

inline Task read_task(const Node& node) {
    Task task;
    task.output = node["output"].text();
    task.scores = node["scores"].text();
    if (node.has("labels")) task.labels = node["labels"].texts();
    return task;
}

// Logits become probabilities; the largest is subtracted first, so that nothing overflows.
inline std::vector<float> softmax(const std::vector<float>& logits) {
    const double largest = *std::max_element(logits.begin(), logits.end());
    std::vector<double> powers;
    for (const float logit : logits) powers.push_back(std::exp(logit - largest));
    const double sum = std::accumulate(powers.begin(), powers.end(), 0.0);
    std::vector<float> result;
    for (const double power : powers) result.push_back(static_cast<float>(power / sum));
    return result;
}

inline Answer find_answer(const Sample& sample, const Task& task) {
    Answer answer{find_output(sample, task.output).values, {}, task.labels, task.top};
    if (task.scores == "logits") answer.scores = softmax(answer.scores);
    for (const float score : answer.scores)
        if (std::isnan(score)) throw Error("The net's scores are not numbers. Run the self-test.");
    if (!task.labels.empty() && task.labels.size() != answer.scores.size())
        throw Error("manifest.json: task.labels must be one per class. Export the bundle again.");
    answer.order.resize(answer.scores.size());
    std::iota(answer.order.begin(), answer.order.end(), std::size_t{0});
    std::stable_sort(answer.order.begin(), answer.order.end(), [&](std::size_t a, std::size_t b) {
        return answer.scores[a] > answer.scores[b];  // of equals, the smaller number comes first
    });
    return answer;
}

inline std::string to_line(const Answer& answer) {
    std::vector<std::string> shown;
    for (std::size_t rank = 0; rank < std::min(answer.top, answer.order.size()); ++rank) {
        const std::size_t i = answer.order[rank];
        shown.push_back(answer.label_of(i) + format(" %.4f", answer.scores[i]));
    }
    return join(shown);
}

inline std::string to_json(const Answer& answer) {
    const auto record = [&](std::size_t i) {
        return "\"label\": " + json_text(answer.label_of(i)) + ", \"index\": " + std::to_string(i) +
               ", \"score\": " + json_number(answer.scores[i]);
    };
    std::vector<std::string> records, numbers;
    for (std::size_t rank = 0; rank < std::min(answer.top, answer.order.size()); ++rank)
        records.push_back("{" + record(answer.order[rank]) + "}");
    for (const float score : answer.scores) numbers.push_back(json_number(score));
    return "\"task\": \"classify\", " + record(answer.order[0]) + ", \"top\": " + json_list(records) +
           ", \"scores\": " + json_list(numbers);
}
//@begin drawn

// Return the image with the three best classes.
inline cv::Mat draw(const Answer& answer, const cv::Mat& image) {
    std::vector<std::string> lines;
    for (std::size_t rank = 0; rank < std::min<std::size_t>(3, answer.order.size()); ++rank) {
        const std::size_t i = answer.order[rank];
        lines.push_back(answer.label_of(i) + format(" %.3f", answer.scores[i]));
    }
    return caption(image, lines);
}
//@end
