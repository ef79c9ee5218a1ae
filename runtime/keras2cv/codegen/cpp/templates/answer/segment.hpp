// A class for every pixel.
#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>
#pragma once

#include <opencv2/core.hpp>

#include "drawing.hpp"  //@only drawn
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"
#include "placement.hpp"

namespace keras2cv::@namespace@ {

struct Task {
    std::string output, scores;  // scores: softmax, sigmoid, logits or labels
    bool is_binary = false;      // one channel of scores, class 1 where they are above `score`
    float score = 0;
    std::vector<std::string> labels;
};

inline Task read_task(const Node& node) {
    const Node facts = node["segment"];
    Task task;
    task.output = facts["output"].text();
    task.scores = facts["scores"].text();
    task.is_binary = facts.has("threshold");
    if (task.is_binary) task.score = static_cast<float>(facts["threshold"].number());
    task.labels = node.labels();
    return task;
}

// Turn logits of (pixels, channels) into probabilities: sigmoid for one channel, else softmax.
inline void to_probabilities(std::vector<float>& values, std::size_t channels) {
    for (auto first = values.begin(); first != values.end(); first += static_cast<std::ptrdiff_t>(channels)) {
        const auto last = first + static_cast<std::ptrdiff_t>(channels);
        if (channels == 1) {
            const float small = std::exp(-std::abs(*first));
            *first = (*first >= 0 ? 1.0f : small) / (1.0f + small);
            continue;
        }
        const float largest = *std::max_element(first, last);
        float sum = 0;
        for (auto value = first; value != last; ++value) sum += *value = std::exp(*value - largest);
        for (auto value = first; value != last; ++value) *value /= sum;
    }
}

// Return the class of each visible pixel: the best after every class was enlarged by itself.
inline cv::Mat best_channel(const std::vector<cv::Mat>& channels, const Spread& spread) {
    cv::Mat highest = spread.linear(channels[0]);
    cv::Mat winner = cv::Mat::zeros(highest.size(), CV_32S);
    for (std::size_t number = 1; number < channels.size(); ++number) {
        const cv::Mat values = spread.linear(channels[number]);
        const cv::Mat is_better = values > highest;
        winner.setTo(static_cast<int>(number), is_better);
        values.copyTo(highest, is_better);
    }
    return winner;
}

inline Segmentation find_answer(const Sample& sample, const Task& task, const Placement& place) {
    const Tensor& output = find_output(sample, task.output);
    if (output.shape.size() < 2 || output.shape.size() > 3)
        throw bad_manifest("task.segment.output must be (h, w, C)");
    const int height = output.shape[0], width = output.shape[1];
    const int channels = output.shape.size() == 3 ? output.shape[2] : 1;
    const Spread spread({width, height}, place);
    std::vector<float> values = output.values;
    if (task.scores == "logits") to_probabilities(values, static_cast<std::size_t>(channels));
    const cv::Mat table(height * width, channels, CV_32F, values.data());
    std::vector<cv::Mat> grids;
    for (int c = 0; c < channels; ++c) grids.push_back(table.col(c).clone().reshape(1, height));

    cv::Mat visible;
    if (task.scores == "labels") {
        grids[0].convertTo(visible, CV_32S);
        visible = spread.nearest(visible);
    } else if (task.is_binary) {
        const cv::Mat is_above = spread.linear(grids[0]) > task.score;
        is_above.convertTo(visible, CV_32S, 1 / 255.0);
    } else {
        visible = best_channel(grids, spread);
    }
    Segmentation result{cv::Mat(place.source, CV_32S, cv::Scalar(UNSEEN)), task.is_binary, task.labels};
    visible.copyTo(result.classes(place.visible()));
    return result;
}

std::string Segmentation::label_of(int class_id) const {
    const auto i = static_cast<std::size_t>(class_id);
    return class_id >= 0 && i < labels.size() ? labels[i] : std::to_string(class_id);
}

std::vector<Area> Segmentation::areas() const {
    std::map<int, int> counts;
    const cv::Mat_<int> numbers = classes;
    for (const int number : numbers)
        if (number != UNSEEN) ++counts[number];
    std::vector<Area> found;
    for (const auto& count : counts) found.push_back({count.first, count.second});
    std::stable_sort(found.begin(), found.end(),
                     [](const Area& a, const Area& b) { return a.pixels > b.pixels; });
    return found;
}

cv::Mat Segmentation::mask() const {
    cv::Mat numbers = classes.clone(), gray;
    double largest = 0;
    cv::minMaxLoc(numbers, nullptr, &largest);
    numbers.setTo(largest < 255 ? 255 : 65535, numbers == UNSEEN);
    numbers.convertTo(gray, largest < 255 ? CV_8U : CV_16U);
    return gray;
}

std::string to_line(const Segmentation& result) {
    std::vector<std::string> shown;
    for (const Area& area : result.areas()) {
        const double share = static_cast<double>(area.pixels) / static_cast<double>(result.classes.total());
        shown.push_back(result.label_of(area.class_id) + format(" %.2f%%", 100 * share));
    }
    return join(shown);
}

std::string to_json(const Segmentation& result) {
    std::vector<std::string> records;
    for (const Area& area : result.areas()) {
        const double share = static_cast<double>(area.pixels) / static_cast<double>(result.classes.total());
        records.push_back("{\"label\": " + json_text(result.label_of(area.class_id)) + ", \"index\": " +
                          std::to_string(area.class_id) + ", \"pixels\": " + std::to_string(area.pixels) +
                          ", \"share\": " + json_number(share) + "}");
    }
    return "{\"task\": \"segment\", \"image_wh\": [" + std::to_string(result.classes.cols) + ", " +
           std::to_string(result.classes.rows) + "], \"classes\": " + json_list(records) + "}";
}
//@begin drawn

// Return the image, half covered by the colours of its classes, with their names; the background
// of a binary mask is left as it is.
cv::Mat draw(const Segmentation& result, const cv::Mat& image) {
    std::vector<Area> areas = result.areas();
    if (result.is_binary)
        areas.erase(std::remove_if(areas.begin(), areas.end(),
                                   [](const Area& area) { return area.class_id == 0; }),
                    areas.end());
    std::map<int, cv::Vec3b> halves;
    for (const Area& area : areas) {
        const cv::Scalar colour = colour_of(area.class_id);
        for (int i = 0; i < 3; ++i) halves[area.class_id][i] = static_cast<uchar>(colour[i] / 2);
    }
    if (image.size() != result.classes.size())
        throw Error("The classes are those of another image: one of " + std::to_string(result.classes.cols) +
                    "x" + std::to_string(result.classes.rows) + " pixels. Give that one.");
    cv::Mat canvas = as_bgr(image).clone();
    for (int y = 0; y < canvas.rows; ++y)
        for (int x = 0; x < canvas.cols; ++x) {
            const auto half = halves.find(result.classes.at<int>(y, x));
            if (half == halves.end()) continue;
            auto& pixel = canvas.at<cv::Vec3b>(y, x);
            for (int i = 0; i < 3; ++i) pixel[i] = static_cast<uchar>(pixel[i] / 2 + half->second[i]);
        }
    canvas = enlarged(canvas);
    const Pen pen(std::min(canvas.rows, canvas.cols) / 1000.0);
    const int step = pen.ascent + pen.descent + 1;
    const auto room = static_cast<std::size_t>(std::max(1, canvas.rows / step - 1));
    for (std::size_t i = 0; i < std::min(room, areas.size()); ++i)
        write_tag(canvas, pen.fitted(readable(result.label_of(areas[i].class_id),
                                              "class " + std::to_string(areas[i].class_id)), canvas.cols),
                  {0, step * static_cast<int>(i)}, colour_of(areas[i].class_id), pen);
    return canvas;
}
//@end

}  // namespace keras2cv::@namespace@
