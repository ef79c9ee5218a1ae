// From undecoded outputs to boxes: grids of cells and anchors (YOLO v2 to v7).  //@only cells
// From undecoded outputs to boxes: distances from points to edges (YOLOv8, FCOS).  //@only distances
// From undecoded outputs to boxes: offsets from prior boxes (SSD, RetinaNet).  //@only priors
// From undecoded outputs to boxes: the peaks of heatmaps (CenterNet).  //@only peaks
// From outputs of several grids to boxes.  //@only ready
#pragma once

#include <algorithm>  //@only peaks
#include <array>  //@only cells
#include <cmath>  //@only cells distances priors
#include <string>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "numbers.hpp"
#include "manifest.hpp"
#include "model.hpp"

namespace keras2cv::@namespace@ {

// An output: which parts a box has in it, and in which order its numbers are. Without a level it
// holds all of them, one after the other.
struct HeadOutput {
    std::string name, axes;
    std::vector<std::string> parts;
    int level = -1;
};

// A grid of cells, each with some boxes.
struct HeadLevel {
    int rows = 0, columns = 0, boxes = 0;
    int first = 0;  // of its boxes, among those of all levels
    cv::Vec2d stride{1, 1};  // a cell's width and height, in pixels of the input  //@only cells distances peaks readycells
    double offset = 0;       // of a cell's point within it, in cells  //@only cells distances peaks
    double scale = 1;        // of what the model adds to it  //@only cells
    std::vector<double> anchors;  // w, h of each of a cell's boxes  //@only cells

    int count() const { return rows * columns * boxes; }
};

struct Head {
    std::vector<HeadOutput> outputs;
    std::vector<HeadLevel> levels;
    std::size_t point_numbers = 0;  // of what belongs to a box, 0 if an output of its own has it  //@only boxpoints
    std::size_t mask_numbers = 0;   // the same  //@only weighted
    bool y_first = false;  // the vertical number of each pair comes first
    std::string xy_activation, size_activation, size_form;  //@only cells
    std::string distance_activation;  //@only distances
    int bins = 1;                     // of a distance; their mean under a softmax is it  //@only distances
    std::string offset_form, anchor_format;  //@only priors
    std::string size_units;  //@only peaks
    int window = 1;          // of cells, in which a peak is the highest  //@only peaks

    int count() const { return levels.back().first + levels.back().count(); }

    // How many numbers a box has in a part; 0 for scores, which have what the others leave.
    std::size_t width_of(const std::string& part) const {
        if (part == "scores") return 0;
        if (part == "objectness") return 1;  //@only !peaks
        if (part == "box") return 4;  //@only cells priors ready
        if (part == "box") return 4 * static_cast<std::size_t>(bins);  //@only distances
        if (part == "box" || part == "offset") return 2;  //@only peaks
        if (part == "anchors" || part == "variances") return 4;  //@only priors
        if (part == "points") return point_numbers;  //@only boxpoints
        if (part == "coefficients") return mask_numbers;  //@only weighted
        throw Error("manifest.json: task.detect.head: there is no part " + part + ". Generate the program "
                    "again.");
    }
};

inline HeadLevel read_level(const Node& node, int first) {
    node.expect_keys("rows columns boxes");  //@only priors ready !readycells
    node.expect_keys("rows columns boxes stride_wh");  //@only readycells
    node.expect_keys("rows columns boxes stride_wh xy_offset");  //@only distances peaks
    node.expect_keys("rows columns boxes stride_wh xy_offset xy_scale anchors");  //@only cells
    HeadLevel level;
    level.rows = node["rows"].integer();
    level.columns = node["columns"].integer();
    level.boxes = node["boxes"].integer();
    const int most = 1000000;
    node.expect(level.rows > 0 && level.columns > 0 && level.boxes > 0 && level.rows <= most &&
                    level.columns <= most / level.rows &&
                    level.boxes <= most / (level.rows * level.columns) && level.count() <= most - first,
                "a grid of 1 to 1000000 boxes, with those before it");
    level.first = first;
//@begin cells distances peaks readycells
    const std::vector<double> stride = node["stride_wh"].numbers();
    node["stride_wh"].expect(stride.size() == 2, "[width, height]");
    level.stride = {stride[0], stride[1]};
    level.offset = node["xy_offset"].number();  //@only !readycells
//@end
//@begin cells
    level.scale = node["xy_scale"].number();
    level.anchors = node["anchors"].numbers();
    node["anchors"].expect(level.anchors.size() == 2 * static_cast<std::size_t>(level.boxes),
                           "a width and a height for each box of a cell");
//@end
    return level;
}

inline Head read_head(const Node& node) {
    const std::string form = "@form@";
    const std::string beside = "point_numbers mask_numbers";
    if (node["form"].text() != form)
        throw Error("manifest.json: task.detect.head has the form " + node["form"].text() + ", this program "
                    "decodes " + form + ". Generate it again.");
    node.expect_keys("form outputs levels pair_order xy_activation size_activation size_form " + beside);  //@only cells
    node.expect_keys("form outputs levels pair_order bins distance_activation " + beside);  //@only distances
    node.expect_keys("form outputs levels pair_order offset_form anchor_format " + beside);  //@only priors
    node.expect_keys("form outputs levels pair_order window size_units " + beside);  //@only peaks
    node.expect_keys("form outputs levels pair_order " + beside);  //@only ready
    Head head;
    int first = 0;
    for (const Node& level : node["levels"].list()) {
        head.levels.push_back(read_level(level, first));
        first += head.levels.back().count();
    }
    node["levels"].expect(!head.levels.empty(), "a list of grids");
    for (const Node& output : node["outputs"].list()) {
        output.expect_keys("output axes parts level");
        HeadOutput read{output["output"].text(), output["axes"].text(), output["parts"].texts(), -1};
        if (output.has("level")) read.level = output["level"].integer();
        output.expect(read.level < static_cast<int>(head.levels.size()), "of one of the levels");
        head.outputs.push_back(read);
    }
    if (node.has("point_numbers"))  //@only boxpoints
        head.point_numbers = static_cast<std::size_t>(node["point_numbers"].integer());  //@only boxpoints
    if (node.has("mask_numbers"))  //@only weighted
        head.mask_numbers = static_cast<std::size_t>(node["mask_numbers"].integer());  //@only weighted
    head.y_first = node["pair_order"].text() == "y first";
//@begin cells
    head.xy_activation = node["xy_activation"].text();
    head.size_activation = node["size_activation"].text();
    head.size_form = node["size_form"].text();
//@end
//@begin distances
    head.distance_activation = node["distance_activation"].text();
    head.bins = node["bins"].integer();
    node["bins"].expect(head.bins > 0 && head.bins <= 1024, "1 to 1024");
//@end
//@begin priors
    head.offset_form = node["offset_form"].text();
    if (node.has("anchor_format")) head.anchor_format = node["anchor_format"].text();
//@end
//@begin peaks
    head.window = node["window"].integer();
    head.size_units = node["size_units"].text();
//@end
    return head;
}

// Where the numbers of a level lie in an output: from `start` on, and from one to the next of an axis.
struct Steps {
    std::size_t start, cell, anchor, value;
};

// Return them for the boxes from `first` on of an output that holds `count`, each with `width` numbers.
inline Steps steps_of(const std::string& axes, const HeadLevel& level, std::size_t first, std::size_t count,
                      std::size_t width) {
    const auto boxes = static_cast<std::size_t>(level.boxes);
    const std::size_t cells = static_cast<std::size_t>(level.count()) / boxes, start = first * width;
    if (axes == "cells,anchors,values") return {start, boxes * width, width, 1};
    if (axes == "cells,values,anchors") return {start, boxes * width, 1, boxes};
    if (axes == "anchors,cells,values") return {start, width, cells * width, 1};
    if (axes == "anchors,values,cells") return {first, 1, count / boxes * width, count / boxes};
    if (axes == "values,anchors,cells") return {first, 1, cells, count};
    if (axes == "values,cells,anchors") return {first, boxes, 1, count};
    throw Error("manifest.json: task.detect.head: there are no axes " + axes + ". Generate the program "
                "again.");
}

// Copy a part of the boxes of a level, whose numbers begin at `column` of each box.
inline void copy_part(const Tensor& output, const Steps& steps, const HeadLevel& level, std::size_t column,
                      cv::Mat& table) {
    for (int row = 0; row < level.count(); ++row) {
        const auto cell = static_cast<std::size_t>(row / level.boxes);
        const auto anchor = static_cast<std::size_t>(row % level.boxes);
        std::size_t at = steps.start + cell * steps.cell + anchor * steps.anchor + column * steps.value;
        auto* numbers = table.ptr<float>(level.first + row);
        for (int i = 0; i < table.cols; ++i, at += steps.value) numbers[i] = output.values[at];
    }
}

// Return the parts of all boxes, in the order of levels, rows, columns and anchors.
inline Tables tables_of(const Head& head, const Sample& sample) {
    Tables tables;
    for (const HeadOutput& from : head.outputs) {
        const Tensor& output = find_output(sample, from.name);
        std::vector<HeadLevel> levels = head.levels;
        if (from.level >= 0) levels = {head.levels[static_cast<std::size_t>(from.level)]};
        const auto first = static_cast<std::size_t>(levels.front().first);
        const auto count = static_cast<std::size_t>(levels.back().first + levels.back().count()) - first;
        const std::size_t width = output.values.size() / count;
        std::size_t known = 0, column = 0;
        for (const std::string& part : from.parts) known += head.width_of(part);
        for (const std::string& part : from.parts) {
            std::size_t own = head.width_of(part);
            if (own == 0 && width > known) own = width - known;
            cv::Mat& table = tables[part];
            if (table.empty()) table = cv::Mat::zeros(head.count(), static_cast<int>(own), CV_32F);
            if (own == 0 || column + own > width || output.values.size() != count * width ||
                table.cols != static_cast<int>(own))
                throw bad_manifest("task.detect.head: " + from.name + " does not hold " +
                                   std::to_string(count) + " boxes");
            for (const HeadLevel& level : levels) {
                if (levels.size() > 1 && level.boxes > 1 && from.axes == "anchors,values,cells")
                    throw bad_manifest("task.detect.head: " + from.name +
                                       " holds several grids, and their cells must have a box each");
                const std::size_t before = static_cast<std::size_t>(level.first) - first;
                copy_part(output, steps_of(from.axes, level, before, count, width), level, column, table);
            }
            column += own;
        }
    }
    if (tables.count("box") == 0 || tables.count("scores") == 0)
        throw bad_manifest("task.detect.head.outputs lack the box or the scores");
    return tables;
}

// From a box's numbers to the box ---------------------------------------------------------------

// Return the numbers of a box in a part, the horizontal one of each pair first.
inline std::vector<double> numbers_of(const Tables& tables, const std::string& part, int row, bool y_first) {
    const cv::Mat& table = tables.at(part);
    std::vector<double> numbers(table.ptr<float>(row), table.ptr<float>(row) + table.cols);
    for (std::size_t i = 0; y_first && i + 1 < numbers.size(); i += 2) std::swap(numbers[i], numbers[i + 1]);
    return numbers;
}

//@begin cells distances peaks readycells
// The level of a box, and the column and row of its cell.
struct Cell {
    const HeadLevel* level;
    double x, y;
    std::size_t anchor;  // of the cell  //@only cells
};

inline Cell cell_of(const Head& head, int row) {
    auto level = head.levels.begin();
    while (row >= level->first + level->count()) ++level;
    const int cell = (row - level->first) / level->boxes;
    const int x = cell % level->columns, y = cell / level->columns;
    return {&*level, x + 0.0, y + 0.0};  //@only !cells
    return {&*level, x + 0.0, y + 0.0, static_cast<std::size_t>((row - level->first) % level->boxes)};  //@only cells
}

//@end
//@begin cells
// cx, cy, w, h: centre = (xy * scale + offset + cell) * stride, size = exp(wh) * anchor, or by another form
// than exp (Redmon & Farhadi, YOLOv3; YOLOv5 for "square").
inline cv::Vec4d box_of(const Head& head, const Tables& tables, int row) {
    const std::vector<double> numbers = numbers_of(tables, "box", row, head.y_first);
    const Cell cell = cell_of(head, row);
    const std::array<double, 2> corner = {cell.x, cell.y};
    cv::Vec4d box;
    for (int i = 0; i < 2; ++i) {
        const auto k = static_cast<std::size_t>(i);
        double place = numbers[k], size = numbers[k + 2];
        if (head.xy_activation == "sigmoid") place = sigmoid(place);
        if (head.size_activation == "sigmoid") size = sigmoid(size);
        if (head.size_form == "exp") size = std::exp(size);
        else if (head.size_form == "square") size = (2 * size) * (2 * size);
        box[i] = (place * cell.level->scale + cell.level->offset + corner[k]) * cell.level->stride[i];
        box[i + 2] = size * cell.level->anchors[2 * cell.anchor + k];
    }
    return box;
}
//@end
//@begin distances
// Left, top, right, bottom: edge = (cell + offset -+ distance) * stride. A distance of several bins is their
// mean under a softmax (Tian et al., FCOS; Li et al., Generalized Focal Loss).
inline cv::Vec4d box_of(const Head& head, const Tables& tables, int row) {
    std::vector<double> numbers = numbers_of(tables, "box", row, false);
    const auto bins = static_cast<std::size_t>(head.bins);
    cv::Vec4d distances;
    for (std::size_t i = 0; i < 4; ++i) {
        double distance = numbers[i];
        if (bins > 1) {
            distance = 0;
            softmax(&numbers[i * bins], &numbers[i * bins] + bins);
            for (std::size_t k = 0; k < bins; ++k)
                distance += static_cast<float>(numbers[i * bins + k]) * static_cast<double>(k);
        }
        if (head.distance_activation == "exp") distance = std::exp(distance);
        else if (head.distance_activation == "relu" && distance < 0) distance = 0;
        distances[static_cast<int>(head.y_first ? i ^ 1U : i)] = distance;
    }
    const Cell cell = cell_of(head, row);
    const cv::Vec2d stride = cell.level->stride;
    const double x = (cell.x + cell.level->offset) * stride[0], y = (cell.y + cell.level->offset) * stride[1];
    return {x - distances[0] * stride[0], y - distances[1] * stride[1], x + distances[2] * stride[0],
            y + distances[3] * stride[1]};
}
//@end
//@begin priors
// Return cx, cy, w, h of a prior box: one of those known, unless an output has them.
inline cv::Vec4d prior_of(const Head& head, const Tables& tables, int row, const std::vector<double>& known) {
    std::vector<double> prior;
    if (head.anchor_format.empty())
        prior.assign(known.begin() + 4 * static_cast<std::ptrdiff_t>(row),
                     known.begin() + 4 * static_cast<std::ptrdiff_t>(row) + 4);
    else
        prior = numbers_of(tables, "anchors", row, head.y_first);
    if (head.anchor_format != "xyxy") return {prior[0], prior[1], prior[2], prior[3]};
    return {(prior[0] + prior[2]) / 2, (prior[1] + prior[3]) / 2, prior[2] - prior[0], prior[3] - prior[1]};
}

// Return the factors of offsets from it.
inline std::vector<double> factors_of(const Head& head, const Tables& tables, int row,
                                      const std::vector<double>& variances) {
    if (tables.count("variances") == 0) return variances;
    return numbers_of(tables, "variances", row, head.y_first);
}

// cx, cy, w, h: offsets of the centre and the size, or of two corners, from a prior box (Liu et al., SSD; Ren
// et al., Faster R-CNN, eq. 2).
inline cv::Vec4d box_of(const Head& head, const Tables& tables, int row, const std::vector<double>& known,
                        const std::vector<double>& variances) {
    const std::vector<double> offsets = numbers_of(tables, "box", row, head.y_first);
    const std::vector<double> factors = factors_of(head, tables, row, variances);
    const cv::Vec4d prior = prior_of(head, tables, row, known);
    cv::Vec4d box;
    for (int i = 0; i < 2; ++i) {
        const auto k = static_cast<std::size_t>(i);
        const double start = offsets[k] * factors[k], end = offsets[k + 2] * factors[k + 2];
        const double centre = prior[i], size = prior[i + 2];
        const double low = start * size + centre - size / 2, high = end * size + centre + size / 2;
        const bool of_centres = head.offset_form == "centres";
        box[i] = of_centres ? start * size + centre : (low + high) / 2;
        box[i + 2] = of_centres ? std::exp(end) * size : high - low;
    }
    return box;
}
//@end
//@begin peaks
// cx, cy, w, h: centre = (cell + offset) * stride, and the size in its unit (Zhou et al., Objects as Points).
inline cv::Vec4d box_of(const Head& head, const Tables& tables, int row, cv::Size input) {
    const std::vector<double> size = numbers_of(tables, "box", row, head.y_first);
    std::vector<double> offset = {0, 0};
    if (tables.count("offset") != 0) offset = numbers_of(tables, "offset", row, head.y_first);
    const Cell cell = cell_of(head, row);
    const HeadLevel& level = *cell.level;
    cv::Vec2d unit(1, 1);
    if (head.size_units == "cells") unit = level.stride;
    else if (head.size_units == "normalised") unit = {input.width + 0.0, input.height + 0.0};
    return {(cell.x + (level.offset + offset[0])) * level.stride[0],
            (cell.y + (level.offset + offset[1])) * level.stride[1], size[0] * unit[0], size[1] * unit[1]};
}

// Whether a score is the highest of the window around its cell; of equal neighbours each is.
inline bool is_peak(const Head& head, const cv::Mat& scores, int row, int class_id) {
    const HeadLevel& level = *cell_of(head, row).level;
    const int cell = row - level.first, x = cell % level.columns, y = cell / level.columns;
    const int half = head.window / 2;
    const float score = scores.at<float>(row, class_id);
    for (int j = std::max(0, y - half); j <= std::min(level.rows - 1, y + half); ++j)
        for (int i = std::max(0, x - half); i <= std::min(level.columns - 1, x + half); ++i)
            if (!(score >= scores.at<float>(level.first + j * level.columns + i, class_id))) return false;
    return true;
}
//@end
//@begin ready
// A box in the order of its numbers.  //@only !readycells
// A box in the order of its numbers, which are in cells.  //@only readycells
inline cv::Vec4d box_of(const Head& head, const Tables& tables, int row) {
    const std::vector<double> numbers = numbers_of(tables, "box", row, head.y_first);
    return {numbers[0], numbers[1], numbers[2], numbers[3]};  //@only !readycells
//@begin readycells
    const cv::Vec2d stride = cell_of(head, row).level->stride;
    return {numbers[0] * stride[0], numbers[1] * stride[1], numbers[2] * stride[0], numbers[3] * stride[1]};
//@end
}
//@end

}  // namespace keras2cv::@namespace@
