// The mask of each box: the weighted sum of prototypes, cut at the box.  //@only weighted
// The mask of each box, stretched over it.  //@only boxmask
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>  //@only drawn

#include "numbers.hpp"
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"
#include "placement.hpp"

namespace keras2cv::@namespace@ {

struct MaskRules {
    std::string prototypes, coefficients;  // outputs; no coefficients: they are a part of the columns  //@only weighted
    bool cut_first = false;  // at the box before it is enlarged  //@only weighted
    std::string per_box;  // the output  //@only boxmask
    std::string activation, edges;
    float threshold = 0;  // pixels above it belong to the object
};

inline MaskRules read_masks(const Node& node) {
    MaskRules rules;
//@begin weighted
    node.expect_keys("activation threshold edges prototypes coefficients cut");
    rules.prototypes = node["prototypes"].text();
    if (node.has("coefficients")) rules.coefficients = node["coefficients"].text();
    rules.cut_first = node.has("cut") && node["cut"].text() == "prototypes";
//@end
//@begin boxmask
    node.expect_keys("activation threshold edges per_box cut");
    rules.per_box = node["per_box"].text();
//@end
    rules.activation = node["activation"].text();
    rules.edges = node["edges"].text();
    rules.threshold = static_cast<float>(node["threshold"].number());
    return rules;
}

// The pixels of a box: its first column and row, and the first ones after them.
inline cv::Rect whole_edges(const cv::Vec4d& box, const std::string& edges) {
    std::array<int, 4> whole{};
    for (std::size_t i = 0; i < whole.size(); ++i) {
        // To 3 decimals, so that rounding decides nothing about whole and half pixels.
        double edge = std::nearbyint(std::min(std::max(box[static_cast<int>(i)], -1e6), 1e6) * 1000) / 1000;
        if (edges == "round") edge = std::nearbyint(edge);
        else if (edges == "floor") edge = std::floor(edge);
        else edge = std::ceil(edges == "ceil" ? edge : edge - 0.5);  // the first centre not before the edge
        whole.at(i) = static_cast<int>(edge);
    }
    return {cv::Point(whole[0], whole[1]), cv::Point(whole[2], whole[3])};
}

// The part of a box within limits; one without pixels at its corner, if there is none.
inline cv::Rect within(const cv::Rect& box, const cv::Rect& limits) {
    const cv::Point from(std::max(box.x, limits.x), std::max(box.y, limits.y));
    const cv::Point to(std::min(box.br().x, limits.br().x), std::min(box.br().y, limits.br().y));
    return {from.x, from.y, std::max(0, to.x - from.x), std::max(0, to.y - from.y)};
}

// The rows of a grid interpolated at places from 0 to its last row, in float32.
inline cv::Mat blend_rows_at(const cv::Mat& grid, const std::vector<double>& places) {
    cv::Mat result(static_cast<int>(places.size()), grid.cols, CV_32F);
    for (int y = 0; y < result.rows; ++y) {
        const double at = places[static_cast<std::size_t>(y)];
        const int low = static_cast<int>(at), high = std::min(low + 1, grid.rows - 1);
        const auto share = static_cast<float>(at - low);
        const auto *above = grid.ptr<float>(low), *below = grid.ptr<float>(high);
        auto* target = result.ptr<float>(y);
        for (int x = 0; x < grid.cols; ++x) target[x] = above[x] + (below[x] - above[x]) * share;
    }
    return result;
}

// Return the mask of the pixels of `part`, which lie at these places of the grid; along rows first.
inline Mask mask_at(const cv::Mat& grid, const std::array<std::vector<double>, 2>& places,
                    const cv::Rect& part, const MaskRules& rules) {
    Mask mask{cv::Mat::zeros(part.size(), CV_8U), part.tl()};
    if (part.area() == 0) return mask;
    const cv::Mat along = blend_rows_at(grid.t(), places[0]).t();
    mask.pixels = blend_rows_at(along, places[1]) > rules.threshold;
    return mask;
}

//@begin weighted
inline const Tensor& find_prototypes(const Sample& sample, const MaskRules& rules) {
    const Tensor& prototypes = find_output(sample, rules.prototypes);
    if (prototypes.shape.size() != 3)
        throw bad_manifest("task.detect.masks.prototypes must be (h, w, prototypes)");
    return prototypes;
}

// Where the pixels of a part of the image lie in a grid over the net's input, less half a cell.
inline std::vector<double> places_of(double from, double to, int cells, std::array<int, 2> visible,
                                     std::array<int, 2> part, bool is_whole) {
    const double step = (to - from) / (visible[1] - visible[0]);
    const double first = is_whole ? std::nearbyint(from) : 0.0, last = is_whole ? std::nearbyint(to) : cells;
    std::vector<double> places;
    for (int pixel = part[0]; pixel < part[1]; ++pixel) {
        const double centre = from + (pixel - visible[0] + 0.5) * step;
        places.push_back(std::min(std::max(centre - 0.5, first), last - 1));
    }
    return places;
}

// Make a grid zero outside of a box, and return the pixels that it may still reach.
inline cv::Rect cut_grid(cv::Mat& grid, const cv::Vec4d& box, const MaskRules& rules,
                         const Placement& place) {
    const cv::Vec2d cells(static_cast<double>(grid.cols) / place.input.width,
                          static_cast<double>(grid.rows) / place.input.height);
    cv::Vec4d corners;
    for (int i = 0; i < 4; ++i)
        corners[i] = (box[i] * place.scale[i % 2] + place.offset[i % 2]) * cells[i % 2];
    const cv::Rect kept = within(whole_edges(corners, rules.edges), cv::Rect({}, grid.size()));
    cv::Mat inside = cv::Mat::zeros(grid.size(), CV_8U);
    inside(kept).setTo(255);
    grid.setTo(0, inside == 0);
    const cv::Vec2d from = place.to_source((kept.x - 1) / cells[0], (kept.y - 1) / cells[1]);
    const cv::Vec2d to = place.to_source((kept.br().x + 1) / cells[0], (kept.br().y + 1) / cells[1]);
    return {cv::Point(cvFloor(from[0]), cvFloor(from[1])), cv::Point(cvCeil(to[0]), cvCeil(to[1]))};
}

// Return the mask of a box, whose edges are in pixels of the image and may lie outside of it.
inline Mask mask_of(const MaskRules& rules, const Sample& sample, const Tables& tables, int row,
                    const cv::Vec4d& box, const Placement& place) {
    const Tensor& prototypes = find_prototypes(sample, rules);
    const cv::Mat& weights = tables.at("coefficients");
    if (prototypes.shape[2] != weights.cols)
        throw bad_manifest("task.detect.masks: the boxes have " + std::to_string(weights.cols) +
                           " coefficients, and there is not a prototype for each");
    cv::Mat grid(prototypes.shape[0], prototypes.shape[1], CV_32F);
    const auto* weight = weights.ptr<float>(row);
    const auto* value = prototypes.values.data();
    for (int y = 0; y < grid.rows; ++y)
        for (int x = 0; x < grid.cols; ++x) {
            float sum = 0;
            for (int k = 0; k < weights.cols; ++k) sum += weight[k] * *value++;
            grid.at<float>(y, x) = activated(sum, rules.activation);
        }
    const cv::Rect seen = place.visible();
    cv::Rect part = rules.cut_first ? cut_grid(grid, box, rules, place) : whole_edges(box, rules.edges);
    part = within(part, seen);
    const cv::Vec4d filled = place.filled();
    cv::Vec4d extent;
    bool is_whole = true;
    for (int i = 0; i < 4; ++i) {
        extent[i] = filled[i] * (i % 2 == 0 ? static_cast<double>(grid.cols) / place.input.width
                                            : static_cast<double>(grid.rows) / place.input.height);
        is_whole = is_whole && std::abs(extent[i] - std::nearbyint(extent[i])) < 1e-6;
    }
    const cv::Point end = seen.br(), last = part.br();
    return mask_at(grid,
                   {places_of(extent[0], extent[2], grid.cols, {seen.x, end.x}, {part.x, last.x}, is_whole),
                    places_of(extent[1], extent[3], grid.rows, {seen.y, end.y}, {part.y, last.y}, is_whole)},
                   part, rules);
}
//@end
//@begin boxmask
// Where the pixels from `from` to `to` lie in cells that cover `low` to `high`, less half a cell; in float32,
// as TensorFlow finds them.
inline std::vector<double> places_of(double low, double high, int cells, int from, int to) {
    const float step = static_cast<float>(cells) / static_cast<float>(std::max(high - low, 1e-6));
    std::vector<double> places;
    for (int pixel = from; pixel < to; ++pixel) {
        const float at = static_cast<float>(pixel + 0.5 - low) * step - 0.5f;
        places.push_back(std::min(std::max(at, 0.0f), static_cast<float>(cells - 1)));
    }
    return places;
}

// Return the mask of a box, whose edges are in pixels of the image and may lie outside of it.
inline Mask mask_of(const MaskRules& rules, const Sample& sample, int row, int class_id, const cv::Vec4d& box,
                    const Placement& place) {
    const Tensor& output = find_output(sample, rules.per_box);
    const std::vector<int>& shape = output.shape;
    if (shape.size() < 3 || shape.size() > 4 || row >= shape[0])
        throw bad_manifest("task.detect.masks.per_box must have a mask for each box");
    const int classes = shape.size() == 4 ? shape[3] : 1, chosen = classes == 1 ? 0 : class_id;
    if (chosen >= classes)
        throw Error("The net names class " + std::to_string(class_id) + ", and there are masks of " +
                    std::to_string(classes) + " classes. Export the model again, with the masks of every "
                    "class.");
    cv::Mat grid(shape[1], shape[2], CV_32F);
    const float* value = output.values.data() + static_cast<std::size_t>(row) * grid.total() *
                                                    static_cast<std::size_t>(classes) + chosen;
    for (int y = 0; y < grid.rows; ++y)
        for (int x = 0; x < grid.cols; ++x, value += classes)
            grid.at<float>(y, x) = activated(*value, rules.activation);
    const cv::Rect whole = whole_edges(box, rules.edges), part = within(whole, cv::Rect({}, place.source));
    cv::Vec4d over = box;
    if (rules.edges != "exact") over = {whole.x + 0.0, whole.y + 0.0, whole.br().x + 0.0, whole.br().y + 0.0};
    return mask_at(grid,
                   {places_of(over[0], over[2], grid.cols, part.x, part.br().x),
                    places_of(over[1], over[3], grid.rows, part.y, part.br().y)},
                   part, rules);
}
//@end

cv::Mat Mask::on_image(cv::Size image) const {
    cv::Mat whole = cv::Mat::zeros(image, CV_8U);
    pixels.copyTo(whole(cv::Rect(at, pixels.size())));
    return whole;
}

// COCO's run lengths of the whole image, by columns, beginning outside of the mask.
inline std::string json_mask(const Mask& mask, cv::Size image) {
    const cv::Mat whole = mask.on_image(image).t();
    std::vector<std::string> counts;
    std::size_t run = 0;
    uchar last = 0;
    for (int x = 0; x < whole.rows; ++x)
        for (int y = 0; y < whole.cols; ++y, ++run) {
            const uchar pixel = whole.at<uchar>(x, y);
            if (pixel == last) continue;
            counts.push_back(std::to_string(run));
            run = 0;
            last = pixel;
        }
    counts.push_back(std::to_string(run));
    if (last != 0) counts.emplace_back("0");  // outside of the mask again
    return "{\"size\": " + json_list({std::to_string(image.height), std::to_string(image.width)}) +
           ", \"counts\": " + json_list(counts) + "}";
}
//@begin drawn

// Return a copy of the image, half covered by the masks with their outlines, the best on top.
inline cv::Mat with_masks(const Detections& result, const cv::Mat& image) {
    if (image.size() != result.image)
        throw Error("The boxes are those of another image: one of " + std::to_string(result.image.width) +
                    "x" + std::to_string(result.image.height) + " pixels. Give that one.");
    cv::Mat canvas = as_bgr(image).clone();
    for (auto found = result.detections.rbegin(); found != result.detections.rend(); ++found) {
        const cv::Mat& pixels = found->mask.pixels;
        if (pixels.empty()) continue;
        const cv::Scalar colour = colour_of(found->class_id);
        cv::Mat inner, part = canvas(cv::Rect(found->mask.at, pixels.size()));
        const cv::Mat around = cv::Mat::ones(3, 3, CV_8U);
        cv::erode(pixels, inner, around, {-1, -1}, 1, cv::BORDER_CONSTANT, cv::Scalar::all(0));
        for (int y = 0; y < part.rows; ++y)
            for (int x = 0; x < part.cols; ++x)
                for (int i = 0; i < 3 && pixels.at<uchar>(y, x) != 0; ++i) {
                    auto& value = part.at<cv::Vec3b>(y, x)[i];
                    const auto full = static_cast<int>(colour[i]);
                    value = static_cast<uchar>(inner.at<uchar>(y, x) == 0 ? full : value / 2 + full / 2);
                }
    }
    return canvas;
}
//@end

}  // namespace keras2cv::@namespace@
