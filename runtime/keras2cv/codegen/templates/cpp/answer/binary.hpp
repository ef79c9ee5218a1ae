// Yes or no, from a single number.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

static const char* const KIND = "binary";
static const double THRESHOLD = 0.5;  // a probability from here on is a yes

struct Answer {
    std::string line, json;            // for stdout; json is what stands between the braces
    std::vector<std::string> caption;  // for the picture
};

// 1 / (1 + exp(-x)), by the form that does not overflow for the sign of x.
inline double sigmoid(double logit) {
    if (logit >= 0) return 1 / (1 + std::exp(-logit));
    return std::exp(logit) / (1 + std::exp(logit));
}

// {negative, positive}
inline std::vector<std::string> both_labels(const Task& task) {
    if (task.labels.empty()) return {"no", "yes"};
    if (task.labels.size() == 1) return {"not " + task.labels[0], task.labels[0]};
    return task.labels;
}

inline Answer make_answer(const Sample& sample, const Task& task) {
    const std::vector<float>& values = find_output(sample, task.output).values;
    if (values.size() != 1)
        throw Error("manifest.json: task.output must be one number. Export the bundle again.");
    const double probability = task.scores == "logits" ? sigmoid(values[0]) : values[0];
    if (!(probability >= 0 && probability <= 1))
        throw Error("The net's probability is " + format("%g", probability) + ". If the model returns "
                    "logits, export it with that said.");
    const bool positive = probability >= THRESHOLD;
    const std::string label = both_labels(task)[positive];
    const double score = positive ? probability : 1 - probability;  // of the answer, whichever it is
    Answer answer;
    answer.line = label + format(" %.4f", score);
    answer.caption = {label + format(" %.3f", score)};
    answer.json = "\"task\": \"binary\", \"label\": " + json_text(label) +
                  ", \"probability\": " + json_number(probability) +
                  ", \"threshold\": " + json_number(THRESHOLD);
    return answer;
}
