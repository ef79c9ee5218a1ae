// The keypoints of each box.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>  //@only drawn

#include "numbers.hpp"
#include "json.hpp"
#include "manifest.hpp"
#include "placement.hpp"

namespace keras2cv::@namespace@ {

struct KeypointRules {
    std::string output, form, units, activation;  // an output of its own, or none
    int count = 0;                                // of each box
    double score = 0;                             // points above it are drawn
    std::vector<int> skeleton;
    std::vector<std::string> labels;

    bool has_scores() const { return form.size() == 3; }
    int size() const { return count * static_cast<int>(form.size()); }
};

inline KeypointRules read_keypoints(const Node& node) {
    node.expect_keys("form units activation score count output labels skeleton");
    KeypointRules rules;
    if (node.has("output")) rules.output = node["output"].text();
    rules.form = node["form"].text();
    rules.units = node["units"].text();
    rules.activation = node["activation"].text();
    rules.count = node["count"].integer();
    rules.score = node["score"].number();
    if (node.has("skeleton")) rules.skeleton = node["skeleton"].integers();
    rules.labels = node.labels();
    node["count"].expect(rules.count > 0 && rules.count <= 10000, "1 to 10000");
    node["form"].expect(rules.form.size() == 2 || rules.form.size() == 3, "xy, yx, xys or yxs");
    if (!rules.labels.empty())
        node["labels"].expect(rules.labels.size() == static_cast<std::size_t>(rules.count), "one per point");
    return rules;
}

// Return the points of a box, in pixels of the image.
inline std::vector<Keypoint> points_of(const KeypointRules& rules, const cv::Mat& table, int row,
                                       const Placement& place) {
    if (table.cols != rules.size())
        throw bad_manifest("task.detect.points: each box has " + std::to_string(table.cols) +
                           " numbers, and " + std::to_string(rules.count) + " points need " +
                           std::to_string(rules.size()));
    std::vector<Keypoint> points;
    const auto* numbers = table.ptr<float>(row);
    const bool in_pixels = rules.units == "pixels";
    for (int i = 0; i < rules.count; ++i, numbers += rules.form.size()) {
        const bool x_first = rules.form[0] == 'x';
        const double x = numbers[x_first ? 0 : 1], y = numbers[x_first ? 1 : 0];
        const cv::Vec2d xy = place.to_source(in_pixels ? x : x * place.input.width,
                                             in_pixels ? y : y * place.input.height);
        const float score = rules.has_scores() ? activated(numbers[2], rules.activation) : 1;
        points.push_back({{static_cast<float>(xy[0]), static_cast<float>(xy[1])}, score});
    }
    return points;
}

inline std::string json_points(const std::vector<Keypoint>& points, const Detections& result) {
    std::vector<std::string> records;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const std::string number = std::to_string(i);
        const std::string label = result.point_labels.empty() ? number : result.point_labels[i];
        const std::string xy = json_list({json_number(points[i].xy[0]), json_number(points[i].xy[1])});
        const std::string score = result.points_have_scores ? json_number(points[i].score) : "null";
        records.push_back("{\"label\": " + json_text(label) + ", \"number\": " + number + ", \"xy\": " + xy +
                          ", \"score\": " + score + "}");
    }
    return json_list(records);
}
//@begin drawn

// Draw the points that are shown, and the lines between them, on an image that is `factor` times as large.
inline void draw_keypoints(cv::Mat& canvas, const std::vector<Keypoint>& points, const Detections& result,
                           int factor) {
    const int radius = std::max(3, cvRound(std::min(canvas.rows, canvas.cols) / 120.0));
    // A pixel's centre lies half a pixel from its corner; far beyond the image OpenCV overflows.
    const auto pixel = [&](double edge) {
        const double at = std::min(std::max(edge * factor - 0.5, -16384.0), 16384.0);
        return std::isnan(edge) ? -16384 : cvRound(at);
    };
    std::vector<cv::Point> places;
    for (const Keypoint& point : points) places.emplace_back(pixel(point.xy[0]), pixel(point.xy[1]));
    for (std::size_t i = 0; i + 1 < result.skeleton.size(); i += 2) {
        const auto from = static_cast<std::size_t>(result.skeleton[i]);
        const auto to = static_cast<std::size_t>(result.skeleton[i + 1]);
        if (std::max(from, to) >= points.size()) continue;
        if (!result.is_shown(points[from]) || !result.is_shown(points[to])) continue;
        cv::line(canvas, places[from], places[to], colour_of(result.skeleton[i + 1]), std::max(1, radius / 2),
                 cv::LINE_AA);
    }
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (!result.is_shown(points[i])) continue;
        cv::circle(canvas, places[i], radius + 1, DARK, cv::FILLED, cv::LINE_AA);
        cv::circle(canvas, places[i], radius, colour_of(static_cast<int>(i)), cv::FILLED, cv::LINE_AA);
    }
}
//@end

}  // namespace keras2cv::@namespace@
