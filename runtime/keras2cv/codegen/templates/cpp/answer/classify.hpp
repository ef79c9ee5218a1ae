// One of many classes.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

static const char* const KIND = "classify";

struct Answer {
    std::string line, json;            // for stdout; json is what stands between the braces
    std::vector<std::string> caption;  // for the picture
};

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

// The numbers of the classes, best first; of equals, the smaller number.
inline std::vector<std::size_t> best_first(const std::vector<float>& scores) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    return order;
}

inline Answer make_answer(const Sample& sample, const Task& task, std::size_t top) {
    std::vector<float> scores = find_output(sample, task.output).values;
    if (task.scores == "logits") scores = softmax(scores);
    for (const float score : scores)
        if (std::isnan(score)) throw Error("The net's scores are not numbers. Run the self-test.");
    if (!task.labels.empty() && task.labels.size() != scores.size())
        throw Error("manifest.json: task.labels must be one per class. Export the bundle again.");
    const auto label = [&](std::size_t i) {
        return task.labels.empty() ? std::to_string(i) : task.labels[i];
    };

    const std::vector<std::size_t> order = best_first(scores);
    Answer answer;
    std::vector<std::string> shown, records, numbers;
    for (std::size_t rank = 0; rank < std::min(top, order.size()); ++rank) {
        const std::size_t i = order[rank];
        shown.push_back(label(i) + format(" %.4f", scores[i]));
        records.push_back("{\"label\": " + json_text(label(i)) + ", \"index\": " + std::to_string(i) +
                          ", \"score\": " + json_number(scores[i]) + "}");
    }
    for (std::size_t rank = 0; rank < std::min<std::size_t>(3, order.size()); ++rank)
        answer.caption.push_back(label(order[rank]) + format(" %.3f", scores[order[rank]]));
    for (const float score : scores) numbers.push_back(json_number(score));
    const std::size_t best = order[0];
    answer.line = join(shown);
    answer.json = "\"task\": \"classify\", \"label\": " + json_text(label(best)) +
                  ", \"index\": " + std::to_string(best) + ", \"score\": " + json_number(scores[best]) +
                  ", \"top\": " + json_list(records) + ", \"scores\": " + json_list(numbers);
    return answer;
}
