// Boxes around things.
#include <algorithm>
#include <array>  //@only rotated
#include <cmath>
#include <limits>  //@only !several !peaks
#include <map>
#include <numeric>
#include <sstream>  //@only !head
#include <string>
#include <utility>  //@only rotated
#include <vector>
#pragma once

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>  //@only !rotated

#include "numbers.hpp"
#include "drawing.hpp"  //@only drawn
#include "head.hpp"  //@only head
#include "keypoints.hpp"  //@only boxpoints
#include "json.hpp"
#include "manifest.hpp"
#include "masks.hpp"  //@only masks
#include "model.hpp"
#include "placement.hpp"
#include "rotated.hpp"  //@only rotated

namespace keras2cv::@namespace@ {

// How the outputs are read; an output without a name is not there.
struct Task {
//@begin !head
    std::string boxes, scores, classes, objectness;  // outputs by Keras name
    std::string raw, columns;    // or one output with all of it, and the names of its columns
    bool columns_first = false;  // its first axis is that of the columns
//@end
    Head head;  //@only head
    MaskRules masks;  //@only masks
    KeypointRules keypoints;  //@only boxpoints
    AngleRules angles;  //@only rotated
    std::string box_format, box_units, activation, objectness_activation;
    std::vector<double> anchors;  // cx, cy, w, h of each  //@only offsets priors
    std::vector<double> variances = {1, 1, 1, 1};  // what offsets from them are scaled by  //@only offsets priors
    float score = 0;  // boxes above it are kept
    std::vector<double> class_scores;  // of each class, in place of it; may be empty
    double iou = -1;  // the worse of two that overlap more goes; below 0: none
    bool across_classes = false;
    int background = -1;     // the class that is none
    int max_detections = 0;  // 0: as many as there are
    std::vector<std::string> labels;
};

std::string Detections::label_of(int class_id) const {
    const auto i = static_cast<std::size_t>(class_id);
    return class_id >= 0 && i < labels.size() ? labels[i] : std::to_string(class_id);
}

inline Task read_task(const Node& node) {
    const Node facts = node["detect"];
    facts.expect_keys(
        "boxes scores classes objectness raw columns columns_axis "  //@only !head
        "head "  //@only head
        "anchors "  //@only offsets priors
        "multi_label "  //@only several peaks
        "masks "  //@only masks
        "points "  //@only boxpoints
        "angles "  //@only rotated
        "box_format box_units activation score objectness_activation background nms max_detections chosen");
    const auto optional = [&](const char* key) { return facts.has(key) ? facts[key].text() : ""; };
    Task task;
//@begin !head
    task.boxes = optional("boxes");
    task.scores = optional("scores");
    task.classes = optional("classes");
    task.objectness = optional("objectness");
    task.raw = optional("raw");
    task.columns = optional("columns");
    task.columns_first = facts.has("columns_axis");
//@end
    task.head = read_head(facts["head"]);  //@only head
    facts["multi_label"].expect(facts["multi_label"].flag(), "1");  //@only several !peaks
    task.masks = read_masks(facts["masks"]);  //@only masks
    task.keypoints = read_keypoints(facts["points"]);  //@only boxpoints
    task.angles = read_angles(facts["angles"]);  //@only rotated
    task.box_format = facts["box_format"].text();
    task.box_units = facts["box_units"].text();
    task.activation = facts["activation"].text();
    task.objectness_activation = optional("objectness_activation");
//@begin offsets priors
    if (facts.has("anchors")) {
        task.anchors = facts["anchors"]["boxes"].numbers();
        task.variances = facts["anchors"]["variances"].numbers();
        facts["anchors"]["variances"].expect(task.variances.size() == 4, "four numbers");
    }
//@end
    task.score = static_cast<float>(facts["score"].number());
    if (facts.has("nms")) {
        task.iou = facts["nms"]["iou"].number();
        task.across_classes = facts["nms"]["across_classes"].flag();
    }
    if (facts.has("background")) task.background = facts["background"].integer();
    if (facts.has("max_detections")) task.max_detections = facts["max_detections"].integer();
    task.labels = node.labels();
    if (node.has("class_scores")) {
        task.class_scores = node["class_scores"].numbers();
        node["class_scores"].expect(task.class_scores.size() == task.labels.size(), "one per label");
    }
    return task;
}

// Boxes of the class above it are kept.
inline float threshold_of(int class_id, const Task& task) {
    const auto i = static_cast<std::size_t>(class_id);
    return class_id >= 0 && i < task.class_scores.size() ? static_cast<float>(task.class_scores[i])
                                                         : task.score;
}

// From the outputs to candidates ---------------------------------------------------------------

// Return an output as rows of some numbers each; without copying it.
inline cv::Mat rows_of(const Tensor& output, std::size_t width) {
    const std::size_t size = output.values.size();
    if (width == 0 || size < width || size % width != 0)
        throw bad_manifest("task.detect: " + output.name + " does not hold rows of " +
                           std::to_string(width) + " numbers");
    auto* values = const_cast<float*>(output.values.data());
    return {static_cast<int>(size / width), static_cast<int>(width), CV_32F, values};
}

//@begin !head
// Return the parts that lie side by side in a single output, such as "box+scores".
inline Tables split_columns(const Sample& sample, const Task& task) {
    const Tensor& raw = find_output(sample, task.raw);
    const auto width = static_cast<std::size_t>(
        raw.shape.empty() ? 0 : (task.columns_first ? raw.shape.front() : raw.shape.back()));
    const cv::Mat rows = rows_of(raw, task.columns_first && width > 0 ? raw.values.size() / width : width);
    const cv::Mat table = task.columns_first ? rows.t() : rows;
    std::map<std::string, int> sizes = {
        {"box", 4}, {"objectness", 1}, {"score", 1}, {"class", 1},
        {"angle", 1},  //@only rotated
        {"coefficients", find_prototypes(sample, task.masks).shape.back()},  //@only weighted
        {"points", task.keypoints.size()},  //@only boxpoints
    };
    std::vector<std::string> parts;
    std::istringstream names(task.columns);
    for (std::string name; std::getline(names, name, '+');) parts.push_back(name);
    sizes["scores"] = table.cols;
    for (const std::string& part : parts)
        if (part != "scores" && sizes.count(part) != 0) sizes["scores"] -= sizes[part];
    Tables tables;
    int start = 0;
    for (const std::string& part : parts) {
        const int size = sizes.count(part) != 0 ? sizes[part] : 0;
        if (size < 1 || start + size > table.cols)
            throw bad_manifest("task.detect.raw does not have the columns " + task.columns);
        tables[part == "score" ? "scores" : (part == "class" ? "classes" : part)] =
            table.colRange(start, start + size);
        start += size;
    }
    return tables;
}

//@end
// Add what an output of its own says of the boxes, if there is one.
inline void add_rows(Tables& tables, const char* part, const std::string& name, const Sample& sample,
                     std::size_t count) {
    if (name.empty()) return;
    const Tensor& output = find_output(sample, name);
    const std::size_t width = output.values.size() / count;
    if (width == 0 || output.values.size() != count * width)
        throw bad_manifest("task.detect: " + name + " does not hold " + std::to_string(count) + " boxes");
    tables[part] = rows_of(output, width);
}

// Return what the outputs say of the boxes.
inline Tables read_tables(const Sample& sample, const Task& task) {
    Tables tables = tables_of(task.head, sample);  //@only head
//@begin !head
    Tables tables;
    if (!task.raw.empty()) {
        tables = split_columns(sample, task);
    } else {
        tables["box"] = rows_of(find_output(sample, task.boxes), 4);  //@only !rotated
//@begin rotated
        const cv::Mat boxes = rows_of(find_output(sample, task.boxes), task.angles.output.empty() ? 5 : 4);
        tables["box"] = boxes.colRange(0, 4);
        tables["angle"] = boxes.colRange(4, boxes.cols);
//@end
    }
    if (tables.count("box") == 0) throw bad_manifest("task.detect.columns must have a box");
//@end
    const auto count = static_cast<std::size_t>(tables["box"].rows);
    add_rows(tables, "scores", task.scores, sample, count);  //@only !head
    add_rows(tables, "classes", task.classes, sample, count);  //@only !head
    add_rows(tables, "objectness", task.objectness, sample, count);  //@only !head
    add_rows(tables, "coefficients", task.masks.coefficients, sample, count);  //@only weighted
    add_rows(tables, "points", task.keypoints.output, sample, count);  //@only boxpoints
    add_rows(tables, "angle", task.angles.output, sample, count);  //@only rotated
//@begin weighted boxpoints rotated
    std::vector<std::string> parts = {"scores"};
    parts.emplace_back("coefficients");  //@only weighted
    parts.emplace_back("points");  //@only boxpoints
    parts.emplace_back("angle");  //@only rotated
    for (const std::string& part : parts)
        if (tables.count(part) == 0 || tables[part].rows != static_cast<int>(count))
            throw bad_manifest("task.detect lacks the boxes' " + part);
//@end
//@begin !weighted !boxpoints !rotated
    if (tables.count("scores") == 0 || tables["scores"].rows != static_cast<int>(count))
        throw bad_manifest("task.detect lacks the boxes' scores");
//@end
    return tables;
}

struct Candidate {
    Detection found;
    cv::Vec4d corners;  // in pixels of the net's input
    int row;            // of the tables
    Outline outline{};  // the corners once it is turned  //@only rotated
    cv::Vec4d edges{};  // of the upright box around them  //@only rotated
};

//@begin !several !peaks
// Return the class with the best score, `background` aside; scores that are not numbers win, and
// no threshold lets them through.
inline Detection best_class(const cv::Mat& scores, int row, const Task& task) {
    const auto* first = scores.ptr<float>(row);
    std::vector<float> values(first, first + scores.cols);
    if (task.activation == "softmax") softmax(values.data(), values.data() + values.size());
    Detection best;
    best.score = -std::numeric_limits<float>::infinity();
    for (int i = 0; i < scores.cols && !std::isnan(best.score); ++i) {
        const float score = values[static_cast<std::size_t>(i)];
        if (i == task.background || !(score > best.score || std::isnan(score))) continue;
        best.class_id = i;
        best.score = score;
    }
    best.score = activated(best.score, task.activation);
    return best;
}

inline Detection read_class(const Tables& tables, int row, const Task& task) {
//@begin head
    Detection found = best_class(tables.at("scores"), row, task);
//@end
//@begin !head
    Detection found;
    if (tables.count("classes") != 0) {
        found.class_id = cvRound(tables.at("classes").at<float>(row, 0));
        found.score = activated(tables.at("scores").at<float>(row, 0), task.activation);
        if (found.class_id == task.background) found.score = 0;
    } else {
        found = best_class(tables.at("scores"), row, task);
    }
//@end
    if (tables.count("objectness") != 0)
        found.score *= activated(tables.at("objectness").at<float>(row, 0), task.objectness_activation);
    return found;
}

//@end
//@begin several peaks
// Return the scores of all classes as probabilities, times the objectness.
inline cv::Mat probabilities(const Tables& tables, const Task& task) {
    cv::Mat scores = tables.at("scores").clone();
    for (int row = 0; row < scores.rows; ++row) {
        auto* values = scores.ptr<float>(row);
        if (task.activation == "softmax") softmax(values, values + scores.cols);
        for (int i = 0; i < scores.cols; ++i) values[i] = activated(values[i], task.activation);
        if (tables.count("objectness") == 0) continue;
        const float sure = activated(tables.at("objectness").at<float>(row, 0), task.objectness_activation);
        for (int i = 0; i < scores.cols; ++i) values[i] *= sure;
    }
    return scores;
}

//@end
// Left, top, right and bottom of a box, in pixels of the net's input.
inline cv::Vec4d corners_of(const Tables& tables, int row, const Task& task, cv::Size input) {
//@begin head
    const cv::Vec4d box = box_of(task.head, tables, row);  //@only !priors !peaks
    const cv::Vec4d box = box_of(task.head, tables, row, task.anchors, task.variances);  //@only priors
    const cv::Vec4d box = box_of(task.head, tables, row, input);  //@only peaks
//@end
//@begin !head
    cv::Vec4d box;
    for (int i = 0; i < 4; ++i) box[i] = tables.at("box").at<float>(row, i);
//@begin offsets
    if (!task.anchors.empty()) {
        // Offsets from an anchor (Ren et al., Faster R-CNN, eq. 2), with SSD's variances.
        const double* anchor = &task.anchors[static_cast<std::size_t>(row) * 4];
        for (int i = 0; i < 2; ++i) {
            const auto k = static_cast<std::size_t>(i);
            box[i] = box[i] * task.variances[k] * anchor[k + 2] + anchor[k];
            box[i + 2] = std::exp(box[i + 2] * task.variances[k + 2]) * anchor[k + 2];
        }
    }
//@end
//@end
    const double a = box[0], b = box[1], c = box[2], d = box[3];
    cv::Vec4d corners(a, b, c, d);  // xyxy
    if (task.box_format == "yxyx") corners = {b, a, d, c};
    else if (task.box_format == "xywh") corners = {a, b, a + c, b + d};
    else if (task.box_format == "cxcywh") corners = {a - c / 2, b - d / 2, a + c / 2, b + d / 2};
    if (task.box_units == "normalised")
        for (int i = 0; i < 4; ++i) corners[i] *= i % 2 == 0 ? input.width : input.height;
    return corners;
}

// A NaN, an infinity, no area, or a class below 0, as in the padding of a fixed size: no box.
inline bool is_box(const cv::Vec4d& corners, int class_id) {
    for (int i = 0; i < 4; ++i)
        if (!std::isfinite(corners[i])) return false;
    return corners[2] > corners[0] && corners[3] > corners[1] && class_id >= 0;
}

inline std::vector<Candidate> read_candidates(const Tables& tables, const Task& task, cv::Size input) {
    const int count = tables.at("scores").rows;
//@begin offsets priors
    const bool needs_anchors = !task.anchors.empty();  //@only offsets
    const bool needs_anchors = task.head.anchor_format.empty();  //@only priors
    if (needs_anchors && task.anchors.size() != 4 * static_cast<std::size_t>(count))
        throw bad_manifest("task.detect.anchors must be " + std::to_string(count));
//@end
    std::vector<Candidate> candidates;
    const auto add = [&](const Detection& found, int row) {
        Candidate candidate{found, corners_of(tables, row, task, input), row};
        if (!is_box(candidate.corners, found.class_id)) return;
//@begin rotated
        const double angle = tables.at("angle").at<float>(row, 0);
        if (!std::isfinite(angle)) return;
        candidate.outline = outline_of(candidate.corners, angle, task.angles);
        candidate.edges = around(candidate.outline);
//@end
        candidates.push_back(candidate);
    };
//@begin !several !peaks
    for (int row = 0; row < count; ++row) {
        const Detection found = read_class(tables, row, task);
        if (found.score > threshold_of(found.class_id, task)) add(found, row);
    }
//@end
//@begin several peaks
    const cv::Mat scores = probabilities(tables, task);
    for (int row = 0; row < count; ++row)
        for (int i = 0; i < scores.cols; ++i) {
            Detection found;
            found.class_id = i;
            found.score = scores.at<float>(row, i);
            if (i == task.background || !(found.score > threshold_of(i, task))) continue;
            if (!is_peak(task.head, scores, row, i)) continue;  //@only peaks
            add(found, row);
        }
//@end
    return candidates;
}

// From candidates to the answer ----------------------------------------------------------------

//@begin rotated
constexpr int MOST_PAIRS = 2000000;  // to compare: some seconds

// Return which boxes no better one overlaps by more than `task.iou`, best first; no more than are wanted.
inline std::vector<int> suppress(const std::vector<Candidate>& candidates, const Task& task) {
    const auto box = [&](int i) -> const Candidate& { return candidates[static_cast<std::size_t>(i)]; };
    std::vector<int> order(candidates.size()), kept;
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return box(a).found.score > box(b).found.score; });
    if (task.iou < 0) return order;
    std::vector<int> left = order;
    int pairs = 0;
    while (!left.empty()) {
        if (task.max_detections > 0 && kept.size() == static_cast<std::size_t>(task.max_detections)) break;
        const int best = left.front();
        kept.push_back(best);
        std::vector<int> others;
        for (const int i : left) {
            if (i == best) continue;
            const bool is_rival = task.across_classes || box(i).found.class_id == box(best).found.class_id;
            const bool is_near = is_rival && meet(box(best).edges, box(i).edges);
            pairs += is_near ? 1 : 0;
            if (pairs > MOST_PAIRS)
                throw Error(std::to_string(order.size()) + " rotated boxes are above the score, and to "
                            "compare them takes minutes. Raise the score (Options::score).");
            if (!is_near || !(overlap_of(box(best).outline, box(i).outline) > task.iou)) others.push_back(i);
        }
        left = std::move(others);
    }
    return kept;
}

//@end
//@begin !rotated
constexpr std::size_t BLOCK = 8192;  // boxes that are compared with each other at a time, at least
constexpr long long MOST_PAIRS = 2147483648;  // to compare: some seconds

// Return which of some boxes no better one overlaps by more than `iou`; all may suppress each other.
inline std::vector<int> suppress_class(const std::vector<Candidate>& candidates,
                                       const std::vector<int>& some, double iou) {
    // OpenCV wants scores above 0, and they may be any: their ranks do as well.
    std::vector<float> ranked;
    for (const int i : some) ranked.push_back(candidates[static_cast<std::size_t>(i)].found.score);
    std::sort(ranked.begin(), ranked.end());
    ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
    std::vector<cv::Rect2d> boxes;
    std::vector<float> ranks;
    for (const int i : some) {
        const Candidate& candidate = candidates[static_cast<std::size_t>(i)];
        const cv::Vec4d& edges = candidate.corners;
        boxes.emplace_back(cv::Point2d(edges[0], edges[1]), cv::Point2d(edges[2], edges[3]));
        const auto rank = std::lower_bound(ranked.begin(), ranked.end(), candidate.found.score);
        ranks.push_back(static_cast<float>(rank - ranked.begin() + 1));
    }
    std::vector<int> found, kept;
    cv::dnn::NMSBoxes(boxes, ranks, 0, static_cast<float>(iou), found);
    for (const int i : found) kept.push_back(some[static_cast<std::size_t>(i)]);
    return kept;
}

// Return which of some boxes no better one overlaps by more than `task.iou`, of any class if that counts.
inline std::vector<int> suppress_all(const std::vector<Candidate>& candidates, const std::vector<int>& some,
                                     const Task& task) {
    std::map<int, std::vector<int>> groups;  // of boxes that may suppress each other
    for (const int i : some)
        groups[task.across_classes ? 0 : candidates[static_cast<std::size_t>(i)].found.class_id].push_back(i);
    std::vector<int> kept;
    for (const auto& group : groups)
        for (const int i : suppress_class(candidates, group.second, task.iou)) kept.push_back(i);
    return kept;
}

// Return which boxes no better one overlaps by more than `task.iou`: those that are wanted, or more. OpenCV
// compares every pair, so it gets the best boxes first, and the others with those that were kept.
inline std::vector<int> suppress(const std::vector<Candidate>& candidates, const Task& task) {
    const auto score = [&](int i) { return candidates[static_cast<std::size_t>(i)].found.score; };
    std::vector<int> order(candidates.size()), kept;
    std::iota(order.begin(), order.end(), 0);
    if (task.iou < 0) return order;
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return score(a) > score(b); });
    long long pairs = 0;
    for (auto next = order.begin(); next != order.end();) {
        if (task.max_detections > 0 && kept.size() >= static_cast<std::size_t>(task.max_detections)) break;
        const auto left = static_cast<std::size_t>(order.end() - next);
        const auto end = next + static_cast<std::ptrdiff_t>(std::min(left, std::max(BLOCK, kept.size())));
        kept.insert(kept.end(), next, end);
        next = end;
        const auto count = static_cast<long long>(kept.size());
        pairs += count * count / 2;
        if (pairs > MOST_PAIRS)
            throw Error(std::to_string(order.size()) + " boxes are above the score, and overlap so little "
                        "that to compare them takes minutes. Raise the score (Options::score).");
        kept = suppress_all(candidates, kept, task);
    }
    return kept;
}

//@end
// Return the boxes that are left, best first; of equals, the model's first.
inline std::vector<Candidate> choose(const std::vector<Candidate>& candidates, const Task& task) {
    std::vector<int> kept = suppress(candidates, task);
    const auto score = [&](int i) { return candidates[static_cast<std::size_t>(i)].found.score; };
    std::sort(kept.begin(), kept.end(), [&](int a, int b) {
        return score(a) > score(b) || (score(a) == score(b) && a < b);
    });
    if (task.max_detections > 0 && kept.size() > static_cast<std::size_t>(task.max_detections))
        kept.resize(static_cast<std::size_t>(task.max_detections));
    std::vector<Candidate> best;
    for (const int i : kept) best.push_back(candidates[static_cast<std::size_t>(i)]);
    return best;
}

inline Detections find_answer(const Sample& sample, const Task& task, const Placement& place) {
    const Tables tables = read_tables(sample, task);
    Detections result;
    result.image = place.source;
    result.labels = task.labels;
//@begin boxpoints
    result.point_labels = task.keypoints.labels;
    result.skeleton = task.keypoints.skeleton;
    result.point_threshold = task.keypoints.score;
    result.points_have_scores = task.keypoints.has_scores();
//@end
    const std::vector<Peaks> peaks = find_peaks(task.keypoints, task.head, sample);  //@only joints
    for (const Candidate& candidate : choose(read_candidates(tables, task, place.input), task)) {
        Detection found = candidate.found;
//@begin !rotated
        const cv::Vec2d from = place.to_source(candidate.corners[0], candidate.corners[1]);
        const cv::Vec2d to = place.to_source(candidate.corners[2], candidate.corners[3]);
        const cv::Vec4d edges(from[0], from[1], to[0], to[1]);
//@end
//@begin rotated
        Outline outline;
        for (std::size_t i = 0; i < outline.size(); ++i)
            outline[i] = place.to_source(candidate.outline[i].x, candidate.outline[i].y);
        const cv::Vec4d edges = around(outline);
        std::copy(outline.begin(), outline.end(), found.polygon.begin());
        found.angle = static_cast<float>(angle_of(outline));
//@end
        for (int i = 0; i < 4; ++i) {
            const double most = i % 2 == 0 ? place.source.width : place.source.height;
            found.box[i] = static_cast<float>(std::min(std::max(edges[i], 0.0), most));
        }
        if (!(found.box[2] > found.box[0] && found.box[3] > found.box[1])) continue;
        found.mask = mask_of(task.masks, sample, tables, candidate.row, edges, place);  //@only weighted
        found.mask = mask_of(task.masks, sample, candidate.row, found.class_id, edges, place);  //@only boxmask
        found.points = points_of(task.keypoints, tables.at("points"), candidate.row, place);  //@only boxpoints !framed
//@begin framed
        const Frame frame = frame_of(task.keypoints, task.head, candidate.row);  //@only !priors
//@begin priors
        const bool is_share = task.box_units == "normalised";
        const cv::Vec2d unit(is_share ? place.input.width : 1, is_share ? place.input.height : 1);
        const Frame frame = frame_of(task.keypoints, prior_of(task.head, tables, candidate.row, task.anchors),
                                     factors_of(task.head, tables, candidate.row, task.variances), unit);
//@end
//@begin joints
        const auto moved = [&](std::size_t number, const cv::Vec2d& point) {
            return at_peak(peaks[number], point, candidate.corners, task.head.levels.front().stride,
                           task.keypoints.joints.reach);
        };
        found.points = points_of(task.keypoints, tables.at("points"), candidate.row, frame, moved, place);
//@end
        found.points = points_of(task.keypoints, tables.at("points"), candidate.row, frame, place);  //@only !joints
//@end
        result.detections.push_back(found);
    }
    return result;
}

// What is printed and drawn --------------------------------------------------------------------

std::string to_line(const Detections& result) {
    std::vector<std::string> shown;
    for (const Detection& found : result.detections) {
        std::string text = result.label_of(found.class_id) + format(" %.4f at", found.score);
        for (int i = 0; i < 4; ++i) text += format(" %.0f", found.box[i]);
        text += " with a mask of " + std::to_string(cv::countNonZero(found.mask.pixels)) + " pixels";  //@only masks
//@begin boxpoints
        std::size_t seen = 0;
        for (const Keypoint& point : found.points) seen += result.is_shown(point) ? 1 : 0;
        text += " with " + std::to_string(seen) + " of " + std::to_string(found.points.size()) + " points";
//@end
        text += format(" turned by %.0f degrees", found.angle);  //@only rotated
        shown.push_back(text);
    }
    return shown.empty() ? "nothing" : join(shown);
}

std::string to_json(const Detections& result) {
    std::vector<std::string> records;
    for (const Detection& found : result.detections) {
        std::vector<std::string> edges;
        for (int i = 0; i < 4; ++i) edges.push_back(json_number(found.box[i]));
        records.push_back("{\"label\": " + json_text(result.label_of(found.class_id)) + ", \"class_id\": " +
                          std::to_string(found.class_id) + ", \"score\": " + json_number(found.score) +
                          ", \"box_xyxy\": " + json_list(edges) + "}");  //@only !masks !boxpoints !rotated
                          ", \"box_xyxy\": " + json_list(edges) +  //@only masks boxpoints rotated
                          ", \"mask\": " + json_mask(found.mask, result.image) +  //@only masks
                          ", \"keypoints\": " + json_points(found.points, result) +  //@only boxpoints
                          ", \"polygon_xy\": " + json_polygon(found.polygon) +  //@only rotated
                          ", \"angle\": " + json_number(found.angle) +  //@only rotated
                          "}");  //@only masks boxpoints rotated
    }
    return "{\"task\": \"detect\", \"image_wh\": [" + std::to_string(result.image.width) + ", " +
           std::to_string(result.image.height) + "], \"detections\": " + json_list(records) + "}";
}
//@begin drawn

// Return the image with every box, its label and score; the best on top.
cv::Mat draw(const Detections& result, const cv::Mat& image) {
    cv::Mat canvas = enlarged(as_bgr(image));  //@only !masks
    cv::Mat canvas = enlarged(with_masks(result, image));  //@only masks
    const int shorter = std::min(canvas.rows, canvas.cols), factor = canvas.rows / image.rows;
    const Pen pen(shorter / 1000.0);
    const int thickness = std::max(2, cvRound(shorter / 240.0));
    std::vector<Tag> tags;
    for (const Detection& found : result.detections) {
        const cv::Vec4f edges = found.box * factor;
        const cv::Point from(cvRound(edges[0]), cvRound(edges[1]));
        // The last pixel inside, and not the first beyond, is what OpenCV draws the edge on.
        const cv::Point to(std::max(from.x, cvRound(edges[2]) - 1), std::max(from.y, cvRound(edges[3]) - 1));
        const std::string number = std::to_string(found.class_id);
        const std::string label = readable(result.label_of(found.class_id), "class " + number);
        const std::string text = label + format(" %.2f", found.score);
        tags.push_back({text, colour_of(found.class_id), from, to});
    }
    for (auto tag = tags.rbegin(); tag != tags.rend(); ++tag)
        cv::rectangle(canvas, tag->from, tag->to, tag->colour, thickness);  //@only !rotated
        draw_outline(canvas, result.detections[static_cast<std::size_t>(tags.rend() - tag - 1)].polygon,  //@only rotated
                     factor, tag->colour, thickness);  //@only rotated
    draw_tags(canvas, tags, pen, thickness / 2, false);
    for (const Detection& found : result.detections) draw_keypoints(canvas, found.points, result, factor);  //@only boxpoints
    return canvas;
}
//@end

}  // namespace keras2cv::@namespace@
