// Where an image lies in the net's input, and the way back. Coordinates are in pixels, (0, 0) at the
// top left corner of the first one: pixel i spans i to i + 1.
#pragma once

//@begin crops masks
#include <algorithm>
#include <cmath>

//@end
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>  //@only mask

#include "prepare.hpp"  //@only !arrays

namespace keras2cv::@namespace@ {

// input = source * scale + offset, on each axis
struct Placement {
    cv::Vec2d scale, offset;
    cv::Size source, input;

    cv::Vec2d to_source(double x, double y) const {
        return {(x - offset[0]) / scale[0], (y - offset[1]) / scale[1]};
    }
//@begin crops masks

    // The part of the source that the net sees, in whole pixels of the source.
    cv::Rect visible() const {
        return whole(to_source(0, 0), to_source(input.width, input.height), source);
    }

    // The part of the input that the source fills: left, top, right, bottom.
    cv::Vec4d filled() const {
        const auto inside = [](double value, int most) {
            const double near = std::round(value);
            return std::min(std::max(std::abs(value - near) < 1e-6 ? near : value, 0.0), most + 0.0);
        };
        return {inside(offset[0], input.width), inside(offset[1], input.height),
                inside(offset[0] + source.width * scale[0], input.width),
                inside(offset[1] + source.height * scale[1], input.height)};
    }

    // The same in whole pixels of the input.
    cv::Rect content() const {
        const cv::Vec4d edges = filled();
        return whole({edges[0], edges[1]}, {edges[2], edges[3]}, input);
    }

private:
    static cv::Rect whole(const cv::Vec2d& from, const cv::Vec2d& to, cv::Size limit) {
        const auto inside = [](double value, int most) {
            return std::min(std::max(cvRound(value), 0), most);
        };
        return {cv::Point(inside(from[0], limit.width), inside(from[1], limit.height)),
                cv::Point(inside(to[0], limit.width), inside(to[1], limit.height))};
    }
//@end
};

//@begin arrays
// An input that is no image's: its own pixels.
inline Placement place(cv::Size input) { return {{1, 1}, {0, 0}, input, input}; }

//@end
//@begin !arrays
// Return where `prepare` puts an image of that size.
inline Placement place(cv::Size image, const Preprocessing& rules) {
    if (rules.resize == "letterbox") {
        const cv::Rect box = letterbox_box(image, rules.size);
        // Each axis has its own scale: rounding the extent changed the aspect ratio a little.
        const cv::Vec2d scale(static_cast<double>(box.width) / image.width,
                              static_cast<double>(box.height) / image.height);
        return {scale, {static_cast<double>(box.x), static_cast<double>(box.y)}, image, rules.size};
    }
    cv::Rect box = rules.resize == "center-crop" ? center_box(image, rules.size) : cv::Rect({}, image);
    if (rules.resize == "pad") {
        const cv::Size bar = pad_bars(image, rules.size);
        box = cv::Rect(-bar.width, -bar.height, image.width + 2 * bar.width, image.height + 2 * bar.height);
    }
    const cv::Vec2d scale(static_cast<double>(rules.size.width) / box.width,
                          static_cast<double>(rules.size.height) / box.height);
    return {scale, {-box.x * scale[0], -box.y * scale[1]}, image, rules.size};
}

//@end
//@begin mask
// From a grid over the net's input, such as a mask's, to the visible pixels of the image. The grid
// and the input share their corners; only what the image fills is used, without a letterbox's bars.
class Spread {
public:
    Spread(cv::Size grid, const Placement& place) : grid_(grid), visible_(place.visible().size()) {
        const cv::Vec4d filled = place.filled();
        const double per_x = static_cast<double>(grid.width) / place.input.width;
        const double per_y = static_cast<double>(grid.height) / place.input.height;
        from_ = {filled[0] * per_x, filled[1] * per_y};
        to_ = {filled[2] * per_x, filled[3] * per_y};
    }

    // Bilinear, as tf.image.resize: float32 in, float32 out.
    cv::Mat linear(const cv::Mat& grid) const {
        if (is_whole(from_) && is_whole(to_)) {
            const cv::Rect part(cv::Point(cvRound(from_[0]), cvRound(from_[1])),
                                cv::Point(cvRound(to_[0]), cvRound(to_[1])));
            cv::Mat resized;
            cv::resize(grid(part), resized, visible_, 0, 0, cv::INTER_LINEAR);
            return resized;
        }
        const cv::Mat rows = blend_rows(grid, from_[1], to_[1], visible_.height);
        return blend_rows(rows.t(), from_[0], to_[0], visible_.width).t();
    }

    // Each pixel by the cell that its centre lies in: int32 in, int32 out.
    cv::Mat nearest(const cv::Mat& grid) const {
        cv::Mat result(visible_, CV_32S);
        for (int y = 0; y < visible_.height; ++y)
            for (int x = 0; x < visible_.width; ++x)
                result.at<int>(y, x) = grid.at<int>(cell(y, 1, visible_.height, grid_.height),
                                                    cell(x, 0, visible_.width, grid_.width));
        return result;
    }

private:
    static bool is_whole(const cv::Vec2d& edges) {
        return std::abs(edges[0] - cvRound(edges[0])) < 1e-6 && std::abs(edges[1] - cvRound(edges[1])) < 1e-6;
    }

    // Where the centre of pixel i of `count` lies, of those that fill `from` to `to`, in cells.
    static double centre(int i, double from, double to, int count) {
        return from + (i + 0.5) * ((to - from) / count);
    }

    int cell(int i, int axis, int count, int cells) const {
        // In float, as TensorFlow finds it: a centre may lie on an edge, and rounding decides.
        const auto step = static_cast<float>((to_[axis] - from_[axis]) / count);
        const float at = static_cast<float>(from_[axis]) + (static_cast<float>(i) + 0.5f) * step;
        return std::min(static_cast<int>(at), cells - 1);
    }

    // The rows of `grid` interpolated to `count`, the outermost continued.
    static cv::Mat blend_rows(const cv::Mat& grid, double from, double to, int count) {
        cv::Mat result(count, grid.cols, CV_32F);
        for (int i = 0; i < count; ++i) {
            const double at = std::min(std::max(centre(i, from, to, count) - 0.5, 0.0), grid.rows - 1.0);
            const int low = static_cast<int>(at), high = std::min(low + 1, grid.rows - 1);
            cv::Mat row = result.row(i);
            cv::addWeighted(grid.row(low), 1 - (at - low), grid.row(high), at - low, 0, row);
        }
        return result;
    }

    cv::Size grid_, visible_;
    cv::Vec2d from_, to_;  // what the image fills of the grid, in cells: x, y
};
//@end

}  // namespace keras2cv::@namespace@
