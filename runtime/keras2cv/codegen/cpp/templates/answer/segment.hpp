// A class for every pixel.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "drawing.hpp"  //@only drawn
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"
#include "placement.hpp"

static const char* const KIND = "segment";
static const int UNSEEN = -1;  // pixels that a center-crop cut off

struct Task {
    std::string output, scores;  // scores: softmax, sigmoid, logits or labels
    bool is_binary = false;      // one channel of scores, class 1 where they are above `score`
    float score = 0;
    std::vector<std::string> labels;
};

struct Answer {
    cv::Mat classes;  // int32, one per pixel of the image
    bool is_binary;
    std::vector<std::string> labels;

    std::string label_of(int class_id) const {
        const std::size_t i = static_cast<std::size_t>(class_id);
        return class_id >= 0 && i < labels.size() ? labels[i] : std::to_string(class_id);
    }
};

inline Task read_task(const Node& node) {
    const Node facts = node["segment"];
    Task task;
    task.output = facts["output"].text();
    task.scores = facts["scores"].text();
    task.is_binary = facts.has("threshold");
    if (task.is_binary) task.score = static_cast<float>(facts["threshold"].number());
    if (node.has("labels")) task.labels = node["labels"].texts();
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

inline Answer find_answer(const Sample& sample, const Task& task, const Placement& place) {
    const Tensor& output = find_output(sample, task.output);
    if (output.shape.size() < 2 || output.shape.size() > 3)
        throw Error("manifest.json: task.segment.output must be (h, w, C). Export the bundle again.");
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
    Answer answer{cv::Mat(place.source, CV_32S, cv::Scalar(UNSEEN)), task.is_binary, task.labels};
    visible.copyTo(answer.classes(place.visible()));
    return answer;
}

struct Area {
    int class_id, pixels;
};

// The classes that are there, the largest first.
inline std::vector<Area> areas_of(const Answer& answer) {
    std::map<int, int> counts;
    for (auto it = answer.classes.begin<int>(); it != answer.classes.end<int>(); ++it)
        if (*it != UNSEEN) ++counts[*it];
    std::vector<Area> areas;
    for (const auto& count : counts) areas.push_back({count.first, count.second});
    std::stable_sort(areas.begin(), areas.end(),
                     [](const Area& a, const Area& b) { return a.pixels > b.pixels; });
    return areas;
}

// Return the classes as a gray image: 255 where the net saw nothing; 16 bits where there are more.
inline cv::Mat to_mask(const Answer& answer) {
    cv::Mat classes = answer.classes.clone(), mask;
    double largest = 0;
    cv::minMaxLoc(classes, nullptr, &largest);
    classes.setTo(largest < 255 ? 255 : 65535, classes == UNSEEN);
    classes.convertTo(mask, largest < 255 ? CV_8U : CV_16U);
    return mask;
}

inline std::string to_line(const Answer& answer) {
    std::vector<std::string> shown;
    for (const Area& area : areas_of(answer)) {
        const double share = static_cast<double>(area.pixels) / static_cast<double>(answer.classes.total());
        shown.push_back(answer.label_of(area.class_id) + format(" %.2f%%", 100 * share));
    }
    return join(shown);
}

inline std::string to_json(const Answer& answer) {
    std::vector<std::string> records;
    for (const Area& area : areas_of(answer)) {
        const double share = static_cast<double>(area.pixels) / static_cast<double>(answer.classes.total());
        records.push_back("{\"label\": " + json_text(answer.label_of(area.class_id)) + ", \"index\": " +
                          std::to_string(area.class_id) + ", \"pixels\": " + std::to_string(area.pixels) +
                          ", \"share\": " + json_number(share) + "}");
    }
    return "\"task\": \"segment\", \"image_wh\": [" + std::to_string(answer.classes.cols) + ", " +
           std::to_string(answer.classes.rows) + "], \"classes\": " + json_list(records);
}
//@begin drawn

// Return the image, half covered by the colours of its classes, with their names; the background
// of a binary mask is left as it is.
inline cv::Mat draw(const Answer& answer, const cv::Mat& image) {
    std::vector<Area> areas = areas_of(answer);
    if (answer.is_binary)
        areas.erase(std::remove_if(areas.begin(), areas.end(),
                                   [](const Area& area) { return area.class_id == 0; }),
                    areas.end());
    std::map<int, cv::Vec3b> halves;
    for (const Area& area : areas) {
        const cv::Scalar colour = colour_of(area.class_id);
        for (int i = 0; i < 3; ++i) halves[area.class_id][i] = static_cast<uchar>(colour[i] / 2);
    }
    cv::Mat canvas = image.clone();
    for (int y = 0; y < canvas.rows; ++y)
        for (int x = 0; x < canvas.cols; ++x) {
            const auto half = halves.find(answer.classes.at<int>(y, x));
            if (half == halves.end()) continue;
            cv::Vec3b& pixel = canvas.at<cv::Vec3b>(y, x);
            for (int i = 0; i < 3; ++i) pixel[i] = static_cast<uchar>(pixel[i] / 2 + half->second[i]);
        }
    canvas = enlarged(canvas);
    const Pen pen(std::min(canvas.rows, canvas.cols) / 1000.0);
    const int step = pen.ascent + pen.descent + 1;
    const std::size_t room = static_cast<std::size_t>(std::max(1, canvas.rows / step - 1));
    for (std::size_t i = 0; i < std::min(room, areas.size()); ++i)
        write_tag(canvas, pen.fitted(readable(answer.label_of(areas[i].class_id),
                                              "class " + std::to_string(areas[i].class_id)), canvas.cols),
                  {0, step * static_cast<int>(i)}, colour_of(areas[i].class_id), pen);
    return canvas;
}
//@end
