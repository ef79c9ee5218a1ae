// Boxes around things.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>
#pragma once

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

#include "drawing.hpp"  //@only drawn
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"
#include "placement.hpp"

namespace keras2cv::@namespace@ {

// How the outputs are read; an output without a name is not there.
struct Task {
    std::string boxes, scores, classes, objectness;  // outputs by Keras name, or all of it in
    std::string raw, columns;                        // one, whose columns are so named
    std::string box_format, box_units, activation, objectness_activation;
    std::vector<double> anchors, variances;  // cx, cy, w, h of each anchor; what offsets are scaled by
    float score;                             // boxes above it are kept
    std::vector<double> class_scores;        // of each class, in place of it; may be empty
    double iou = -1;                         // the worse of two that overlap more goes; below 0: none
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
    facts.expect_keys("box_format box_units activation score boxes scores classes objectness raw columns "
                      "objectness_activation anchors background nms max_detections chosen");
    const auto optional = [&](const char* key) { return facts.has(key) ? facts[key].text() : ""; };
    Task task;
    task.boxes = optional("boxes");
    task.scores = optional("scores");
    task.classes = optional("classes");
    task.objectness = optional("objectness");
    task.raw = optional("raw");
    task.columns = optional("columns");
    task.box_format = facts["box_format"].text();
    task.box_units = facts["box_units"].text();
    task.activation = facts["activation"].text();
    task.objectness_activation = optional("objectness_activation");
    if (facts.has("anchors")) {
        task.anchors = facts["anchors"]["boxes"].numbers();
        task.variances = facts["anchors"]["variances"].numbers();
        facts["anchors"]["variances"].expect(task.variances.size() == 4, "four numbers");
    }
    task.score = static_cast<float>(facts["score"].number());
    if (facts.has("nms")) {
        task.iou = facts["nms"]["iou"].number();
        task.across_classes = facts["nms"]["across_classes"].flag();
    }
    if (facts.has("background")) task.background = facts["background"].integer();
    if (facts.has("max_detections")) task.max_detections = facts["max_detections"].integer();
    if (node.has("labels")) task.labels = node["labels"].texts();
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

// What a box has in one role: `width` numbers, from `first` on in a row of `step`.
struct Column {
    const float* values = nullptr;
    std::size_t step = 0, first = 0, width = 0;

    bool is_there() const { return values != nullptr; }
    const float* of(std::size_t box) const { return values + box * step + first; }
};

struct Columns {
    std::size_t count;  // of boxes
    Column boxes, scores, classes, objectness;
};

inline Columns read_columns(const Sample& sample, const Task& task) {
    const auto whole = [&](const std::string& name, std::size_t count) {
        if (name.empty()) return Column{};
        const std::vector<float>& values = find_output(sample, name).values;
        if (values.size() < count || values.size() % count != 0)
            throw Error("manifest.json: task.detect: " + name + " does not hold " + std::to_string(count) +
                        " boxes. Export the bundle again.");
        return Column{values.data(), values.size() / count, 0, values.size() / count};
    };
    if (task.raw.empty()) {
        const std::size_t count = std::max<std::size_t>(1, find_output(sample, task.boxes).values.size() / 4);
        return {count, whole(task.boxes, count), whole(task.scores, count), whole(task.classes, count),
                whole(task.objectness, count)};
    }
    const Tensor& raw = find_output(sample, task.raw);
    const std::size_t step = raw.shape.empty() ? 0 : static_cast<std::size_t>(raw.shape.back());
    const std::size_t first = task.columns == "box+objectness+scores" ? 5 : 4;
    if (step <= first)
        throw Error("manifest.json: task.detect.raw has too few columns. Export the bundle again.");
    Columns columns{raw.values.size() / step, {raw.values.data(), step, 0, 4}, {}, {}, {}};
    columns.scores = {raw.values.data(), step, first, step - first};
    if (task.columns == "box+score+class") {
        columns.scores.width = 1;
        columns.classes = {raw.values.data(), step, 5, 1};
    } else if (first == 5) {
        columns.objectness = {raw.values.data(), step, 4, 1};
    }
    return columns;
}

// 1 / (1 + exp(-x)), through the exponential that does not overflow.
inline float sigmoid(float logit) {
    const float small = std::exp(-std::abs(logit));
    return (logit >= 0 ? 1.0f : small) / (1.0f + small);
}

inline float activated(float value, const std::string& activation) {
    return activation == "sigmoid" ? sigmoid(value) : value;
}

// Return the class with the best score, `background` aside; scores that are not numbers win, and
// no threshold lets them through.
inline Detection best_class(const float* scores, std::size_t count, const Task& task) {
    std::vector<float> values(scores, scores + count);
    if (task.activation == "softmax") {
        const float largest = *std::max_element(values.begin(), values.end());
        float sum = 0;
        for (float& value : values) sum += value = std::exp(value - largest);
        for (float& value : values) value /= sum;
    }
    Detection best{0, -std::numeric_limits<float>::infinity(), {}};
    for (int i = 0; i < static_cast<int>(count) && !std::isnan(best.score); ++i) {
        const float score = values[static_cast<std::size_t>(i)];
        if (i != task.background && (score > best.score || std::isnan(score))) best = {i, score, {}};
    }
    best.score = activated(best.score, task.activation);
    return best;
}

inline Detection read_class(const Columns& columns, std::size_t box, const Task& task) {
    Detection found;
    if (columns.classes.is_there()) {
        found.class_id = cvRound(*columns.classes.of(box));
        found.score = activated(*columns.scores.of(box), task.activation);
        if (found.class_id == task.background) found.score = 0;
    } else {
        found = best_class(columns.scores.of(box), columns.scores.width, task);
    }
    if (columns.objectness.is_there())
        found.score *= activated(*columns.objectness.of(box), task.objectness_activation);
    return found;
}

// Left, top, right and bottom of a box, in pixels of the net's input.
inline cv::Vec4d corners_of(const float* numbers, std::size_t box, const Task& task, cv::Size input) {
    double a = numbers[0], b = numbers[1], c = numbers[2], d = numbers[3];
    if (!task.anchors.empty()) {
        // Offsets from an anchor (Ren et al., Faster R-CNN, eq. 2), with SSD's variances.
        const double* anchor = &task.anchors[box * 4];
        a = a * task.variances[0] * anchor[2] + anchor[0];
        b = b * task.variances[1] * anchor[3] + anchor[1];
        c = std::exp(c * task.variances[2]) * anchor[2];
        d = std::exp(d * task.variances[3]) * anchor[3];
    }
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

// From candidates to the answer ----------------------------------------------------------------

struct Candidate {
    Detection found;
    cv::Vec4d corners;  // in pixels of the net's input
};

// Leave the boxes that no better one overlaps by more than `task.iou`, best first.
inline std::vector<Candidate> suppress(const std::vector<Candidate>& candidates, const Task& task) {
    // Classes that may overlap are moved apart, each to a place of its own.
    double low = std::numeric_limits<double>::infinity(), high = -low;
    std::vector<float> ranked;
    for (const Candidate& candidate : candidates) {
        for (int i = 0; i < 4; ++i) {
            low = std::min(low, candidate.corners[i]);
            high = std::max(high, candidate.corners[i]);
        }
        ranked.push_back(candidate.found.score);
    }
    const double room = task.across_classes ? 0 : high - low + 1;
    // OpenCV wants scores above 0, and they may be any: their ranks do as well.
    std::sort(ranked.begin(), ranked.end());
    ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
    std::vector<cv::Rect2d> boxes;
    std::vector<float> ranks;
    for (const Candidate& candidate : candidates) {
        const cv::Vec4d edges = candidate.corners + cv::Vec4d::all(candidate.found.class_id * room);
        boxes.emplace_back(cv::Point2d(edges[0], edges[1]), cv::Point2d(edges[2], edges[3]));
        const auto rank = std::lower_bound(ranked.begin(), ranked.end(), candidate.found.score);
        ranks.push_back(static_cast<float>(rank - ranked.begin() + 1));
    }
    std::vector<int> kept;
    cv::dnn::NMSBoxes(boxes, ranks, 0, static_cast<float>(task.iou), kept);
    std::vector<Candidate> result;
    for (const int index : kept) result.push_back(candidates[static_cast<std::size_t>(index)]);
    return result;
}

inline std::vector<Candidate> read_candidates(const Sample& sample, const Task& task, cv::Size input) {
    const Columns columns = read_columns(sample, task);
    if (!task.anchors.empty() && task.anchors.size() != 4 * columns.count)
        throw Error("manifest.json: task.detect.anchors must be " + std::to_string(columns.count) +
                    ". Export the bundle again.");
    std::vector<Candidate> candidates;
    for (std::size_t box = 0; box < columns.count; ++box) {
        Candidate candidate{read_class(columns, box, task), {}};
        if (!(candidate.found.score > threshold_of(candidate.found.class_id, task))) continue;
        candidate.corners = corners_of(columns.boxes.of(box), box, task, input);
        if (is_box(candidate.corners, candidate.found.class_id)) candidates.push_back(candidate);
    }
    return candidates;
}

inline double clipped(double value, double most) { return std::min(std::max(value, 0.0), most); }

inline Detections find_answer(const Sample& sample, const Task& task, const Placement& place) {
    std::vector<Candidate> candidates = read_candidates(sample, task, place.input);
    if (task.iou >= 0) candidates = suppress(candidates, task);
    else std::stable_sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return a.found.score > b.found.score;
    });
    if (task.max_detections > 0 && candidates.size() > static_cast<std::size_t>(task.max_detections))
        candidates.resize(static_cast<std::size_t>(task.max_detections));

    Detections result{place.source, {}, task.labels};
    for (const Candidate& candidate : candidates) {
        Detection found = candidate.found;
        for (int i = 0; i < 4; i += 2) {
            const cv::Vec2d corner = place.to_source(candidate.corners[i], candidate.corners[i + 1]);
            found.box[i] = static_cast<float>(clipped(corner[0], place.source.width));
            found.box[i + 1] = static_cast<float>(clipped(corner[1], place.source.height));
        }
        if (found.box[2] > found.box[0] && found.box[3] > found.box[1]) result.detections.push_back(found);
    }
    return result;
}

// What is printed and drawn --------------------------------------------------------------------

std::string to_line(const Detections& result) {
    std::vector<std::string> shown;
    for (const Detection& found : result.detections) {
        std::string text = result.label_of(found.class_id) + format(" %.4f at", found.score);
        for (int i = 0; i < 4; ++i) text += format(" %.0f", found.box[i]);
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
                          ", \"box_xyxy\": " + json_list(edges) + "}");
    }
    return "{\"task\": \"detect\", \"image_wh\": [" + std::to_string(result.image.width) + ", " +
           std::to_string(result.image.height) + "], \"detections\": " + json_list(records) + "}";
}
//@begin drawn

// Return the image with every box, its label and score; the best on top.
cv::Mat draw(const Detections& result, const cv::Mat& image) {
    cv::Mat canvas = enlarged(image);
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
        cv::rectangle(canvas, tag->from, tag->to, tag->colour, thickness);
    draw_tags(canvas, tags, pen, thickness / 2, false);
    return canvas;
}
//@end

}  // namespace keras2cv::@namespace@
