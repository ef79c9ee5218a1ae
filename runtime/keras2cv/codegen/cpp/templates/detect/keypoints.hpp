// The keypoints of each box.
#pragma once

#include <algorithm>
#include <array>  //@only joints
#include <cmath>
#include <limits>  //@only joints
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>  //@only drawn

#include "numbers.hpp"
#include "head.hpp"  //@only framed
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"  //@only joints
#include "placement.hpp"

namespace keras2cv::@namespace@ {

//@begin joints
// Heatmaps of joints, whose peaks take the places of points that are near.
struct JointRules {
    std::string heat, shift, activation;  // `shift`: places within cells, or none
    float score = 0;                      // peaks above it count
    double reach = 0;                     // as a share of a box's longer side
};

//@end
struct KeypointRules {
    std::string output, form, units, activation;  // an output of its own, or none
    int count = 0;                                // of each box
    double scale = 1, offset = 0;                 // of a head's numbers, and of a cell  //@only framed
    JointRules joints;  //@only joints
    double score = 0;                             // points above it are drawn
    std::vector<int> skeleton;
    std::vector<std::string> labels;

    bool has_scores() const { return form.size() == 3; }
    int size() const { return count * static_cast<int>(form.size()); }
};

inline KeypointRules read_keypoints(const Node& node) {
    node.expect_keys("form units activation score count output labels skeleton");  //@only !framed
    node.expect_keys("form units activation score count output labels skeleton scale offset");  //@only framed !joints
    node.expect_keys("form units activation score count output labels skeleton scale offset joints");  //@only joints
    KeypointRules rules;
    if (node.has("output")) rules.output = node["output"].text();
    rules.form = node["form"].text();
    rules.units = node["units"].text();
    rules.activation = node["activation"].text();
    rules.count = node["count"].integer();
    rules.score = node["score"].number();
//@begin framed
    node["units"].expect(rules.units == "cells" || rules.units == "anchors", "cells or anchors");
    if (node.has("scale")) rules.scale = node["scale"].number();
    if (node.has("offset")) rules.offset = node["offset"].number();
//@end
//@begin joints
    const Node joints = node["joints"];
    joints.expect_keys("heat activation score reach shift");
    rules.joints.heat = joints["heat"].text();
    rules.joints.activation = joints["activation"].text();
    rules.joints.score = static_cast<float>(joints["score"].number());
    rules.joints.reach = joints["reach"].number();
    if (joints.has("shift")) rules.joints.shift = joints["shift"].text();
//@end
    if (node.has("skeleton")) rules.skeleton = node["skeleton"].integers();
    rules.labels = node.labels();
    node["count"].expect(rules.count > 0 && rules.count <= 10000, "1 to 10000");
    node["form"].expect(rules.form.size() == 2 || rules.form.size() == 3, "xy, yx, xys or yxs");
    if (!rules.labels.empty())
        node["labels"].expect(rules.labels.size() == static_cast<std::size_t>(rules.count), "one per point");
    return rules;
}

//@begin framed
// What the points of a box are counted from, and by what they are multiplied, in pixels of the input.
struct Frame {
    cv::Vec2d from, by;
};

//@begin cells distances peaks
inline Frame frame_of(const KeypointRules& rules, const Head& head, int row) {
    const Cell cell = cell_of(head, row);
    const cv::Vec2d stride = cell.level->stride;
    cv::Vec2d size = stride;  //@only cells
    const cv::Vec2d& size = stride;  //@only !cells
    if (rules.units == "anchors")  //@only cells
        size = {cell.level->anchors[2 * cell.anchor], cell.level->anchors[2 * cell.anchor + 1]};  //@only cells
    return {{(cell.x + rules.offset) * stride[0], (cell.y + rules.offset) * stride[1]}, size * rules.scale};
}

//@end
//@begin priors
// Of a prior box, whose unit has so many pixels of width and height.
inline Frame frame_of(const KeypointRules& rules, const cv::Vec4d& prior, const std::vector<double>& factors,
                      cv::Vec2d unit) {
    return {{prior[0] * unit[0], prior[1] * unit[1]},
            {prior[2] * factors[0] * rules.scale * unit[0], prior[3] * factors[1] * rules.scale * unit[1]}};
}

//@end
//@end
//@begin joints
// The peaks of a joint's map, as x and y in cells, the best first.
using Peaks = std::vector<cv::Vec2d>;

inline bool is_highest(const cv::Mat& map, int x, int y) {
    for (int j = std::max(0, y - 1); j <= std::min(map.rows - 1, y + 1); ++j)
        for (int i = std::max(0, x - 1); i <= std::min(map.cols - 1, x + 1); ++i)
            if (!(map.at<float>(y, x) >= map.at<float>(j, i))) return false;
    return true;
}

// Return those of a map (rows x columns); `shift` has places within cells, or is nothing.
inline Peaks peaks_of(const cv::Mat& map, const JointRules& rules, const Tensor* shift) {
    const std::size_t most = 100;
    std::vector<cv::Point> cells;
    for (int y = 0; y < map.rows; ++y)
        for (int x = 0; x < map.cols; ++x)
            if (map.at<float>(y, x) > rules.score && is_highest(map, x, y)) cells.emplace_back(x, y);
    std::stable_sort(cells.begin(), cells.end(), [&](const cv::Point& a, const cv::Point& b) {
        return map.at<float>(a) > map.at<float>(b);
    });
    Peaks peaks;
    for (const cv::Point& cell : cells) {
        if (peaks.size() == most) break;
        cv::Vec2d within(0.5, 0.5);
        const std::size_t at = 2 * static_cast<std::size_t>(cell.y * map.cols + cell.x);
        if (shift != nullptr) within = {shift->values[at], shift->values[at + 1]};
        peaks.emplace_back(cell.x + within[0], cell.y + within[1]);
    }
    return peaks;
}

// Return the peaks of each point's map.
inline std::vector<Peaks> find_peaks(const KeypointRules& rules, const Head& head, const Sample& sample) {
    const HeadLevel& level = head.levels.front();
    const auto cells = static_cast<std::size_t>(level.rows) * static_cast<std::size_t>(level.columns);
    const auto count = static_cast<std::size_t>(rules.count);
    const Tensor& heat = find_output(sample, rules.joints.heat);
    const Tensor* shift = rules.joints.shift.empty() ? nullptr : &find_output(sample, rules.joints.shift);
    if (heat.values.size() != cells * count || (shift != nullptr && shift->values.size() != 2 * cells))
        throw Error("manifest.json: task.detect.points.joints do not have " + std::to_string(cells) +
                    " cells of " + std::to_string(count) + " points. Export the bundle again.");
    std::vector<Peaks> found;
    for (std::size_t k = 0; k < count; ++k) {
        cv::Mat map(level.rows, level.columns, CV_32F);
        for (std::size_t i = 0; i < cells; ++i)
            map.ptr<float>()[i] = activated(heat.values[i * count + k], rules.joints.activation);
        found.push_back(peaks_of(map, rules.joints, shift));
    }
    return found;
}

// Return the nearest peak if it lies in the box and near enough, or else the point; in pixels of the input.
inline cv::Vec2d at_peak(const Peaks& peaks, const cv::Vec2d& point, const cv::Vec4d& corners,
                         const cv::Vec2d& stride, double reach) {
    std::array<double, 4> edges = {corners[0] / stride[0], corners[1] / stride[1], corners[2] / stride[0],
                                   corners[3] / stride[1]};
    cv::Vec2d nearest;
    double least = std::numeric_limits<double>::infinity();
    for (const cv::Vec2d& peak : peaks) {
        const double x = point[0] / stride[0] - peak[0], y = point[1] / stride[1] - peak[1];
        const double gap = std::sqrt(x * x + y * y);
        if (!(gap < least)) continue;
        nearest = peak;
        least = gap;
    }
    const bool inside = nearest[0] >= edges[0] && nearest[1] >= edges[1] && nearest[0] <= edges[2] &&
                        nearest[1] <= edges[3];
    if (!inside || !(least <= reach * std::max(edges[2] - edges[0], edges[3] - edges[1]))) return point;
    return {nearest[0] * stride[0], nearest[1] * stride[1]};
}

//@end
// Return the points of a box, in pixels of the image.  //@only !framed
inline std::vector<Keypoint> points_of(const KeypointRules& rules, const cv::Mat& table, int row,  //@only !framed
                                       const Placement& place) {  //@only !framed
//@begin framed
// Return the points of a box in its frame, in pixels of the image; `moved` finds the place of each.  //@only joints
// Return the points of a box in its frame, in pixels of the image.  //@only !joints
template <typename Move>  //@only joints
inline std::vector<Keypoint> points_of(const KeypointRules& rules, const cv::Mat& table, int row,
                                       const Frame& frame, const Move& moved, const Placement& place) {  //@only joints
                                       const Frame& frame, const Placement& place) {  //@only !joints
//@end
    if (table.cols != rules.size())
        throw bad_manifest("task.detect.points: each box has " + std::to_string(table.cols) +
                           " numbers, and " + std::to_string(rules.count) + " points need " +
                           std::to_string(rules.size()));
    std::vector<Keypoint> points;
    const auto* numbers = table.ptr<float>(row);
    const bool in_pixels = rules.units == "pixels";  //@only !framed
    for (int i = 0; i < rules.count; ++i, numbers += rules.form.size()) {
        const bool x_first = rules.form[0] == 'x';
        const double x = numbers[x_first ? 0 : 1], y = numbers[x_first ? 1 : 0];
//@begin !framed
        const cv::Vec2d xy = place.to_source(in_pixels ? x : x * place.input.width,
                                             in_pixels ? y : y * place.input.height);
//@end
//@begin framed
        const cv::Vec2d framed(frame.from[0] + x * frame.by[0], frame.from[1] + y * frame.by[1]);
        const cv::Vec2d at = moved(static_cast<std::size_t>(i), framed);  //@only joints
        const cv::Vec2d xy = place.to_source(at[0], at[1]);  //@only joints
        const cv::Vec2d xy = place.to_source(framed[0], framed[1]);  //@only !joints
//@end
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
