// Boxes at an angle: their corners, how much they overlap, and the best of them. The overlap is exact, of
// polygons in float64; cv::dnn::NMSBoxes computes in float32, and knows no classes before OpenCV 4.7.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "json.hpp"
#include "manifest.hpp"

namespace keras2cv::@namespace@ {

struct AngleRules {
    std::string output, units, direction;  // an output of its own, or none
};

inline AngleRules read_angles(const Node& node) {
    node.expect_keys("units direction output");
    return {node.has("output") ? node["output"].text() : "", node["units"].text(), node["direction"].text()};
}

// A box's left top corner before it was turned, right top, right bottom and left bottom.
using Outline = std::array<cv::Point2d, 4>;

// Return the outline of a box, turned around its centre; clockwise, as OpenCV has it.
inline Outline outline_of(const cv::Vec4d& corners, double angle, const AngleRules& rules) {
    double degrees = rules.units == "radians" ? angle * 180 / CV_PI : angle;
    if (rules.direction == "counterclockwise") degrees = -degrees;
    const double cosine = std::cos(degrees * CV_PI / 180), sine = std::sin(degrees * CV_PI / 180);
    const cv::Point2d centre((corners[0] + corners[2]) / 2, (corners[1] + corners[3]) / 2);
    const double half_width = (corners[2] - corners[0]) / 2, half_height = (corners[3] - corners[1]) / 2;
    const std::array<cv::Point2d, 4> signs = {{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}};
    Outline outline;
    for (std::size_t i = 0; i < outline.size(); ++i) {
        const double x = half_width * signs[i].x, y = half_height * signs[i].y;
        outline[i] = cv::Point2d(x * cosine - y * sine, x * sine + y * cosine) + centre;
    }
    return outline;
}

// The angle of the first side, in degrees of -180 to 180.
inline double angle_of(const Outline& outline) {
    const cv::Point2d side = outline[1] - outline[0];
    return std::atan2(side.y, side.x) * 180 / CV_PI;
}

// The upright box around an outline: left, top, right, bottom.
inline cv::Vec4d around(const Outline& outline) {
    cv::Vec4d edges(outline[0].x, outline[0].y, outline[0].x, outline[0].y);
    for (const cv::Point2d& corner : outline)
        edges = {std::min(edges[0], corner.x), std::min(edges[1], corner.y), std::max(edges[2], corner.x),
                 std::max(edges[3], corner.y)};
    return edges;
}

// Whether two upright boxes share anything.
inline bool meet(const cv::Vec4d& one, const cv::Vec4d& other) {
    return one[0] < other[2] && one[1] < other[3] && one[2] > other[0] && one[3] > other[1];
}

inline double area_of(const std::vector<cv::Point2d>& polygon) {
    double sum = 0;
    for (std::size_t i = 0; i < polygon.size(); ++i)
        sum += polygon[i].cross(polygon[(i + 1) % polygon.size()]);
    return std::abs(sum) / 2;
}

constexpr double NEAR = 1e-9;  // of a side; a corner as near to an edge is on it

// Add the corners of one outline that lie in another, or on its edge.
inline void add_inside(const Outline& corners, const Outline& other, std::vector<cv::Point2d>& found) {
    const double turn = (other[1] - other[0]).cross(other[2] - other[1]) < 0 ? -1 : 1;
    for (const cv::Point2d& corner : corners) {
        bool is_inside = true;
        for (std::size_t i = 0; i < 4; ++i) {
            const cv::Point2d side = other[(i + 1) % 4] - other[i];
            is_inside = is_inside && side.cross(corner - other[i]) * turn >= -NEAR * side.dot(side);
        }
        if (is_inside) found.push_back(corner);
    }
}

// Add where the sides of two outlines cross; parallel ones share corners, or nothing.
inline void add_crossings(const Outline& one, const Outline& other, std::vector<cv::Point2d>& found) {
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t k = 0; k < 4; ++k) {
            const cv::Point2d way = one[(i + 1) % 4] - one[i], side = other[(k + 1) % 4] - other[k];
            const double slant = way.cross(side);
            if (std::abs(slant) <= NEAR * std::sqrt(way.dot(way) * side.dot(side))) continue;
            const double along = (other[k] - one[i]).cross(side) / slant;
            const double across = (other[k] - one[i]).cross(way) / slant;
            if (along >= 0 && along <= 1 && across >= 0 && across <= 1) found.push_back(one[i] + way * along);
        }
}

// The intersection over union of two outlines: sorted by their angle from the middle, the corners of what
// they share go around it, and one that is there twice adds nothing.
inline double overlap_of(Outline one, Outline other) {
    const cv::Point2d origin = one[0];
    for (std::size_t i = 0; i < 4; ++i) {
        one[i] -= origin;
        other[i] -= origin;
    }
    std::vector<cv::Point2d> corners;
    add_inside(one, other, corners);
    add_inside(other, one, corners);
    add_crossings(one, other, corners);
    cv::Point2d middle;
    for (const cv::Point2d& corner : corners) middle += corner / static_cast<double>(corners.size());
    for (cv::Point2d& corner : corners) corner -= middle;
    std::stable_sort(corners.begin(), corners.end(), [](const cv::Point2d& a, const cv::Point2d& b) {
        return std::atan2(a.y, a.x) < std::atan2(b.y, b.x);
    });
    const double shared = corners.size() > 2 ? area_of(corners) : 0;
    const double both = area_of({one.begin(), one.end()}) + area_of({other.begin(), other.end()}) - shared;
    return both > 0 ? shared / both : 0;
}

// "[[x, y], ...]"
inline std::string json_polygon(const std::array<cv::Point2f, 4>& polygon) {
    std::vector<std::string> corners;
    for (const cv::Point2f& corner : polygon)
        corners.push_back(json_list({json_number(corner.x), json_number(corner.y)}));
    return json_list(corners);
}
//@begin drawn

// Draw an outline on an image that is `factor` times as large as the one that it is of.
inline void draw_outline(cv::Mat& canvas, const std::array<cv::Point2f, 4>& polygon, int factor,
                         const cv::Scalar& colour, int thickness) {
    std::vector<cv::Point> corners;
    // A pixel's centre lies half a pixel from its corner; far away OpenCV overflows.
    const auto pixel = [&](float edge) {
        return cvRound(std::min(std::max(edge * static_cast<float>(factor) - 0.5f, -16384.0f), 16384.0f));
    };
    for (const cv::Point2f& corner : polygon) corners.emplace_back(pixel(corner.x), pixel(corner.y));
    cv::polylines(canvas, corners, true, colour, thickness, cv::LINE_AA);
}
//@end

}  // namespace keras2cv::@namespace@
