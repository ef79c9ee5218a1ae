// Points of one figure: joints, corners, features of a face.
#include <algorithm>
#include <cmath>
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
    std::string output, form, units, activation, refine;
    double score;               // points above it are drawn
    std::vector<int> skeleton;  // numbers of points that a line joins, in pairs
    std::vector<std::string> labels;

    bool has_scores() const { return form != "xy" && form != "yx"; }
};

inline Task read_task(const Node& node) {
    const Node facts = node["keypoints"];
    Task task;
    task.output = facts["output"].text();
    task.form = facts["form"].text();
    task.units = facts["units"].text();
    task.activation = facts["activation"].text();
    task.refine = facts["refine"].text();
    task.score = facts["score"].number();
    if (facts.has("skeleton")) task.skeleton = facts["skeleton"].integers();
    task.labels = node.labels();
    return task;
}

// -1, 0 or 1: which of the neighbours is higher, if there are two.
inline int towards_higher(const cv::Mat& map, cv::Point before, cv::Point after) {
    if (!cv::Rect({}, map.size()).contains(before) || !cv::Rect({}, map.size()).contains(after)) return 0;
    const float difference = map.at<float>(after) - map.at<float>(before);
    return (difference > 0) - (difference < 0);
}

// A point is the centre of the highest cell of its map, the first of equals; with "quarter" a
// quarter of a cell from there towards the higher neighbour (Newell et al., Stacked Hourglass
// Networks). As shares of the input's width and height.
inline std::vector<Keypoint> heatmap_points(const Tensor& output, const Task& task) {
    if (output.shape.size() != 3) throw bad_manifest("task.keypoints.output must be (h, w, K)");
    const int height = output.shape[0], width = output.shape[1], count = output.shape[2];
    const cv::Mat table(height * width, count, CV_32F, const_cast<float*>(output.values.data()));
    std::vector<Keypoint> points;
    for (int k = 0; k < count; ++k) {
        cv::Mat map = table.col(k).clone().reshape(1, height);
        cv::Point best(0, 0);
        for (int i = 1; i < height * width; ++i) {
            const cv::Point at(i % width, i / width);
            const float value = map.at<float>(at), highest = map.at<float>(best);
            if (value > highest || (std::isnan(highest) && !std::isnan(value))) best = at;
        }
        double x = best.x + 0.5, y = best.y + 0.5;
        if (task.refine == "quarter") {
            x += 0.25 * towards_higher(map, best - cv::Point(1, 0), best + cv::Point(1, 0));
            y += 0.25 * towards_higher(map, best - cv::Point(0, 1), best + cv::Point(0, 1));
        }
        const cv::Vec2f xy(static_cast<float>(x / width), static_cast<float>(y / height));
        points.push_back({xy, map.at<float>(best)});
    }
    return points;
}

// Points that the model gives as numbers, x and y or y and x, and maybe a score.
inline std::vector<Keypoint> listed_points(const Tensor& output, const Task& task) {
    const std::size_t step = task.form.size();
    if (step < 2 || output.values.size() % step != 0)
        throw bad_manifest("task.keypoints.output must be points of the form " + task.form);
    std::vector<Keypoint> points;
    for (std::size_t i = 0; i < output.values.size(); i += step) {
        const float first = output.values[i], second = output.values[i + 1];
        const cv::Vec2f xy = task.form[0] == 'x' ? cv::Vec2f(first, second) : cv::Vec2f(second, first);
        points.push_back({xy, task.has_scores() ? output.values[i + 2] : 1.0f});
    }
    return points;
}

// 1 / (1 + exp(-x)), through the exponential that does not overflow.
inline float sigmoid(float logit) {
    const float small = std::exp(-std::abs(logit));
    return (logit >= 0 ? 1.0f : small) / (1.0f + small);
}

inline Keypoints find_answer(const Sample& sample, const Task& task, const Placement& place) {
    const Tensor& output = find_output(sample, task.output);
    Keypoints result{place.source, {}, task.has_scores(), task.score, task.skeleton, task.labels};
    result.points = task.form == "heatmaps" ? heatmap_points(output, task) : listed_points(output, task);
    if (!task.labels.empty() && task.labels.size() != result.points.size())
        throw bad_manifest("task.labels must be one per point");
    const bool in_pixels = task.units == "pixels";
    for (Keypoint& point : result.points) {
        const cv::Vec2d xy = place.to_source(point.xy[0] * (in_pixels ? 1.0 : place.input.width),
                                             point.xy[1] * (in_pixels ? 1.0 : place.input.height));
        point.xy = {static_cast<float>(xy[0]), static_cast<float>(xy[1])};
        if (task.activation == "sigmoid") point.score = sigmoid(point.score);
    }
    return result;
}

std::string to_line(const Keypoints& result) {
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < result.points.size(); ++i) {
        if (!result.is_shown(i)) continue;
        const Keypoint& point = result.points[i];
        const std::string score = result.has_scores ? format(" %.4f", point.score) : "";
        const std::string place = format(" at %.0f", point.xy[0]) + format(" %.0f", point.xy[1]);
        shown.push_back(result.label_of(i) + score + place);
    }
    return shown.empty() ? "nothing" : join(shown);
}

std::string to_json(const Keypoints& result) {
    std::vector<std::string> records;
    for (std::size_t i = 0; i < result.points.size(); ++i) {
        const Keypoint& point = result.points[i];
        const std::string xy = json_list({json_number(point.xy[0]), json_number(point.xy[1])});
        const std::string score = result.has_scores ? json_number(point.score) : "null";
        records.push_back("{\"label\": " + json_text(result.label_of(i)) + ", \"number\": " +
                          std::to_string(i) + ", \"xy\": " + xy + ", \"score\": " + score + "}");
    }
    return "{\"task\": \"keypoints\", \"image_wh\": [" + std::to_string(result.image.width) + ", " +
           std::to_string(result.image.height) + "], \"threshold\": " + json_number(result.threshold) +
           ", \"points\": " + json_list(records) + "}";
}
//@begin drawn

// Return the image with the points that are shown, the lines between them, and their labels.
cv::Mat draw(const Keypoints& result, const cv::Mat& image) {
    cv::Mat canvas = enlarged(as_bgr(image));
    const int shorter = std::min(canvas.rows, canvas.cols), factor = canvas.rows / image.rows;
    const int radius = std::max(3, cvRound(shorter / 120.0));
    const Pen pen(shorter / 1200.0);
    std::vector<cv::Point> places;
    for (const Keypoint& point : result.points) {
        // A pixel's centre lies half a pixel from its corner; far beyond the image OpenCV overflows.
        const auto bounded = [&](double edge) {
            const double pixel = std::min(std::max(edge * factor - 0.5, -16384.0), 16384.0);
            return std::isnan(edge) ? -16384 : cvRound(pixel);
        };
        places.emplace_back(bounded(point.xy[0]), bounded(point.xy[1]));
    }
    for (std::size_t i = 0; i + 1 < result.skeleton.size(); i += 2) {
        const auto from = static_cast<std::size_t>(result.skeleton[i]);
        const auto to = static_cast<std::size_t>(result.skeleton[i + 1]);
        if (std::max(from, to) >= places.size() || !result.is_shown(from) || !result.is_shown(to)) continue;
        cv::line(canvas, places[from], places[to], colour_of(result.skeleton[i + 1]),
                 std::max(1, radius / 2), cv::LINE_AA);
    }
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (!result.is_shown(i)) continue;
        cv::circle(canvas, places[i], radius + 1, DARK, cv::FILLED, cv::LINE_AA);
        cv::circle(canvas, places[i], radius, colour_of(static_cast<int>(i)), cv::FILLED, cv::LINE_AA);
    }
    std::vector<Tag> tags;
    const cv::Point around(radius, radius);
    for (std::size_t i = 0; i < places.size() && !result.labels.empty(); ++i)
        if (result.is_shown(i) && cv::Rect({}, canvas.size()).contains(places[i]))
            tags.push_back({readable(result.labels[i], "point " + std::to_string(i)),
                            colour_of(static_cast<int>(i)), places[i] - around, places[i] + around});
    draw_tags(canvas, tags, pen, 1, true);
    return canvas;
}
//@end

}  // namespace keras2cv::@namespace@
