// Yes or no, from a single number.
#include <cmath>
#include <string>
#include <vector>
#pragma once

#include "drawing.hpp"  //@only drawn
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

namespace keras2cv::@namespace@ {

struct Task {
    std::string output, scores;  // scores: what the output's value is
    std::vector<std::string> labels = {"no", "yes"};
    double threshold = 0.5;  // a probability from here on is a yes
};

inline Task read_task(const Node& node) {
    Task task;
    task.output = node["output"].text();
    task.scores = node["scores"].text();
    if (node.has("class_scores")) {
        const std::vector<double> chosen = node["class_scores"].numbers();
        node["class_scores"].expect(chosen.size() == 1, "one number");
        task.threshold = chosen[0];
    }
    if (!node.has("labels")) return task;
    const std::vector<std::string> labels = node["labels"].texts();
    node["labels"].expect(labels.size() == 1 || labels.size() == 2, "one or two");
    task.labels = labels.size() == 2 ? labels : std::vector<std::string>{"not " + labels[0], labels[0]};
    return task;
}

// 1 / (1 + exp(-x)), by the form that does not overflow for the sign of x.
inline double sigmoid(double logit) {
    if (logit >= 0) return 1 / (1 + std::exp(-logit));
    return std::exp(logit) / (1 + std::exp(logit));
}

inline BinaryResult find_answer(const Sample& sample, const Task& task) {
    const std::vector<float>& values = find_output(sample, task.output).values;
    if (values.size() != 1) throw bad_manifest("task.output must be one number");
    const double probability = task.scores == "logits" ? sigmoid(values[0]) : values[0];
    if (!(probability >= 0 && probability <= 1))
        throw Error("The net's probability is " + format("%g", probability) + ". If the model returns "
                    "logits, export it with that said.");
    return {probability, task.labels, task.threshold};
}

std::string to_line(const BinaryResult& result) { return result.label() + format(" %.4f", result.score()); }

std::string to_json(const BinaryResult& result) {
    return "{\"task\": \"binary\", \"label\": " + json_text(result.label()) + ", \"probability\": " +
           json_number(result.probability) + ", \"threshold\": " + json_number(result.threshold) + "}";
}
//@begin drawn

// Return the image with the answer and its probability.
cv::Mat draw(const BinaryResult& result, const cv::Mat& image) {
    return caption(as_bgr(image), {result.label() + format(" %.3f", result.score())});
}
//@end

}  // namespace keras2cv::@namespace@
