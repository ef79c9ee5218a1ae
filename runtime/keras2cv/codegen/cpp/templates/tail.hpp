// What the model does after the net, by TensorFlow's arithmetic: the steps of the manifest's tail.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "manifest.hpp"

namespace keras2cv::@namespace@ {

// Any array of the tail. Doubles hold every float32 and int32; results are rounded to `dtype`, which
// for one operation on float32 gives what float32 arithmetic gives.
struct Array {
    std::string dtype;
    std::vector<int> shape;
    std::vector<double> values;  // in C order
};

using Arrays = std::map<std::string, Array>;

inline double as_dtype(double value, const std::string& dtype) {
    if (dtype == "float32") return static_cast<double>(static_cast<float>(value));
    if (dtype == "float64") return value;
    return dtype == "bool" ? value != 0 : std::trunc(value) + 0.0;  // no -0
}

inline void require(bool fits, const std::string& op) {
    if (!fits) throw bad_manifest("tail: " + op + " does not fit its inputs");
}

// Counts through the positions of an array, the last axis fastest.
inline void each_position(const std::vector<int>& shape,
                          const std::function<void(const std::vector<int>&)>& visit) {
    std::vector<int> at(shape.size(), 0);
    for (std::size_t left = product(shape); left > 0; --left) {
        visit(at);
        for (std::size_t axis = shape.size(); axis > 0; --axis) {
            if (++at[axis - 1] < shape[axis - 1]) break;
            at[axis - 1] = 0;
        }
    }
}

// Where the value at a position lies; an axis of one element is read again and again.
inline std::size_t offset_of(const std::vector<int>& shape, const std::vector<int>& at) {
    std::size_t offset = 0;
    const std::size_t lead = at.size() - shape.size();
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
        offset = offset * static_cast<std::size_t>(shape[axis]) +
                 static_cast<std::size_t>(shape[axis] == 1 ? 0 : at[lead + axis]);
    return offset;
}

// The shape of element-wise operations, as NumPy has it.
inline std::vector<int> broadcast(const std::vector<int>& a, const std::vector<int>& b) {
    std::vector<int> shape(std::max(a.size(), b.size()), 1);
    for (const std::vector<int>& part : {a, b})
        for (std::size_t i = 1; i <= part.size(); ++i) {
            int& size = shape[shape.size() - i];
            const int other = part[part.size() - i];
            require(size == 1 || other == 1 || size == other, "broadcasting");
            size = size == 1 ? other : size;
        }
    return shape;
}

inline Array elementwise(const Array& x, const Array& y, const std::string& dtype,
                         const std::function<double(double, double)>& function) {
    require(x.dtype == y.dtype, "an operation on two types");
    Array result{dtype, broadcast(x.shape, y.shape), {}};
    each_position(result.shape, [&](const std::vector<int>& at) {
        const double a = x.values[offset_of(x.shape, at)], b = y.values[offset_of(y.shape, at)];
        result.values.push_back(as_dtype(function(a, b), dtype));
    });
    return result;
}

// Non-maximum suppression ----------------------------------------------------------------------

struct NmsRule {
    std::size_t max_boxes, max_total;
    float iou, score;  // boxes with a higher score are candidates
    bool pad_per_class, clip;
};

inline NmsRule read_nms(const Node& node) {
    NmsRule rule{};
    const bool combined = node.has("max_total");
    rule.max_boxes = static_cast<std::size_t>(node["max_boxes"].integer());
    rule.iou = static_cast<float>(node["iou"].number());
    rule.score = node.has("score") ? static_cast<float>(node["score"].number())
                                   : -std::numeric_limits<float>::infinity();
    rule.max_total = combined ? static_cast<std::size_t>(node["max_total"].integer()) : 0;
    rule.pad_per_class = combined && node["pad_per_class"].flag();
    rule.clip = combined && node["clip"].flag();
    return rule;
}

// Two opposite corners, y and x, in any order.
struct Corners {
    float top, left, bottom, right;

    explicit Corners(const double* yxyx)
        : top(static_cast<float>(std::min(yxyx[0], yxyx[2]))),
          left(static_cast<float>(std::min(yxyx[1], yxyx[3]))),
          bottom(static_cast<float>(std::max(yxyx[0], yxyx[2]))),
          right(static_cast<float>(std::max(yxyx[1], yxyx[3]))) {}

    float area() const { return (bottom - top) * (right - left); }

    // A box without an area overlaps nothing.
    bool overlaps(const Corners& other, float iou) const {
        if (!(area() > 0) || !(other.area() > 0)) return false;
        const float height = std::max(std::min(bottom, other.bottom) - std::max(top, other.top), 0.0f);
        const float width = std::max(std::min(right, other.right) - std::max(left, other.left), 0.0f);
        return height * width / (area() + other.area() - height * width) > iou;
    }
};

constexpr double MOST_COMPARED = 1073741824;  // pairs of boxes of one class: some seconds

// Return the boxes of one class that are kept, best first; of equal scores the lower index.
inline std::vector<std::size_t> keep(const std::vector<Corners>& boxes, const std::vector<float>& scores,
                                     const NmsRule& rule) {
    std::vector<std::size_t> candidates, kept;
    for (std::size_t i = 0; i < scores.size(); ++i)
        if (scores[i] > rule.score) candidates.push_back(i);
    const std::size_t most = std::min(candidates.size(), rule.max_boxes);
    require(static_cast<double>(candidates.size()) * static_cast<double>(most) <= MOST_COMPARED,
            "the suppression of " + std::to_string(candidates.size()) + " boxes");
    std::stable_sort(candidates.begin(), candidates.end(),
                     [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    for (const std::size_t box : candidates) {
        if (kept.size() == rule.max_boxes) break;
        if (std::none_of(kept.begin(), kept.end(), [&](std::size_t better) {
                return boxes[box].overlaps(boxes[better], rule.iou);
            }))
            kept.push_back(box);
    }
    return kept;
}

// NonMaxSuppressionV4 and V5, padded: indices, scores and how many there are.
inline std::vector<Array> nms(const Array& boxes, const Array& scores, const NmsRule& rule) {
    require(boxes.values.size() == 4 * scores.values.size(), "nms");
    std::vector<Corners> corners;
    for (std::size_t i = 0; i < boxes.values.size(); i += 4) corners.emplace_back(&boxes.values[i]);
    const std::vector<float> floats(scores.values.begin(), scores.values.end());
    const std::vector<std::size_t> kept = keep(corners, floats, rule);
    const auto size = static_cast<int>(rule.max_boxes);
    Array indices{"int32", {size}, std::vector<double>(rule.max_boxes, 0)};
    Array best{"float32", {size}, std::vector<double>(rule.max_boxes, 0)};
    for (std::size_t i = 0; i < kept.size(); ++i) {
        indices.values[i] = static_cast<double>(kept[i]);
        best.values[i] = scores.values[kept[i]];
    }
    return {indices, best, {"int32", {}, {static_cast<double>(kept.size())}}};
}

// CombinedNonMaxSuppression: each class by itself, and the best of all of them.
// boxes (N, M, q, 4), q being 1 or C, and scores (N, M, C) -> boxes, scores, classes, counts.
inline std::vector<Array> combined_nms(const Array& boxes, const Array& scores, const NmsRule& rule) {
    require(boxes.shape.size() == 4 && scores.shape.size() == 3, "combined_nms");
    const auto size_of = [](int size) { return static_cast<std::size_t>(size); };
    const std::size_t samples = size_of(scores.shape[0]), count = size_of(scores.shape[1]);
    const std::size_t classes = size_of(scores.shape[2]), sets = size_of(boxes.shape[2]);
    require(boxes.values.size() == samples * count * sets * 4, "combined_nms");
    require(sets == 1 || sets == classes, "combined_nms");
    std::size_t size = rule.max_total;
    if (rule.pad_per_class) size = std::min(size, rule.max_boxes * classes);
    const int n = scores.shape[0], k = static_cast<int>(size);
    Array found{"float32", {n, k, 4}, std::vector<double>(samples * size * 4, 0)};
    Array best{"float32", {n, k}, std::vector<double>(samples * size, 0)};
    Array numbers = best, counts{"int32", {n}, {}};

    for (std::size_t sample = 0; sample < samples; ++sample) {
        const auto box_at = [&](std::size_t box, std::size_t label) {
            return &boxes.values[((sample * count + box) * sets + (sets > 1 ? label : 0)) * 4];
        };
        const auto score_at = [&](std::size_t box, std::size_t label) {
            return scores.values[(sample * count + box) * classes + label];
        };
        struct Kept { std::size_t box, label; };
        std::vector<Kept> all;
        for (std::size_t label = 0; label < classes; ++label) {
            std::vector<Corners> corners;
            std::vector<float> floats;
            for (std::size_t box = 0; box < count; ++box) {
                corners.emplace_back(box_at(box, label));
                floats.push_back(static_cast<float>(score_at(box, label)));
            }
            for (const std::size_t box : keep(corners, floats, rule)) all.push_back({box, label});
        }
        std::stable_sort(all.begin(), all.end(), [&](const Kept& a, const Kept& b) {
            return score_at(a.box, a.label) > score_at(b.box, b.label);
        });
        all.resize(std::min(all.size(), size));
        counts.values.push_back(static_cast<double>(all.size()));
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::size_t at = sample * size + i;
            best.values[at] = score_at(all[i].box, all[i].label);
            numbers.values[at] = static_cast<double>(all[i].label);
            for (std::size_t edge = 0; edge < 4; ++edge) {
                const double value = box_at(all[i].box, all[i].label)[edge];
                found.values[at * 4 + edge] = rule.clip ? std::min(std::max(value, 0.0), 1.0) : value;
            }
        }
    }
    return {found, best, numbers, counts};
}

// Moving values about --------------------------------------------------------------------------

inline Array reshape(Array x, const std::vector<int>& shape) {
    require(product(shape) == x.values.size(), "reshape");
    x.shape = shape;
    return x;
}

// y[i] = x[begin + i * strides]
inline Array slice(const Array& x, const Node& step) {
    const std::vector<int> begin = step["begin"].integers(), strides = step["strides"].integers();
    Array y{x.dtype, step["shape"].integers(), {}};
    require(begin.size() == x.shape.size() && strides.size() == begin.size() &&
                y.shape.size() == begin.size(), "slice");
    each_position(y.shape, [&](std::vector<int> at) {
        for (std::size_t axis = 0; axis < at.size(); ++axis) {
            at[axis] = begin[axis] + at[axis] * strides[axis];
            require(at[axis] >= 0 && at[axis] < x.shape[axis], "slice");
        }
        y.values.push_back(x.values[offset_of(x.shape, at)]);
    });
    return y;
}

inline Array concat(const std::vector<Array>& parts, int signed_axis) {
    Array whole{parts[0].dtype, parts[0].shape, {}};
    const auto rank = static_cast<int>(whole.shape.size());
    require(signed_axis >= -rank && signed_axis < rank, "concat");
    const auto axis = static_cast<std::size_t>(signed_axis < 0 ? signed_axis + rank : signed_axis);
    int size = 0;
    for (const Array& part : parts) {
        require(part.shape.size() == whole.shape.size(), "concat");
        size += part.shape[axis];
    }
    whole.shape[axis] = 1;
    const std::size_t inner = product(whole.shape, axis), outer = product(whole.shape) / inner;
    for (std::size_t i = 0; i < outer; ++i)
        for (const Array& part : parts) {
            const std::size_t run = inner * static_cast<std::size_t>(part.shape[axis]);
            require(part.values.size() == outer * run, "concat");
            const auto first = part.values.begin() + static_cast<std::ptrdiff_t>(i * run);
            whole.values.insert(whole.values.end(), first, first + static_cast<std::ptrdiff_t>(run));
        }
    whole.shape[axis] = size;
    return whole;
}

inline Array stack(std::vector<Array> parts, int axis) {
    const auto rank = static_cast<int>(parts[0].shape.size());
    require(axis >= -rank - 1 && axis <= rank, "stack");
    if (axis < 0) axis += rank + 1;
    for (Array& part : parts) {
        require(static_cast<int>(part.shape.size()) == rank, "stack");
        part.shape.insert(part.shape.begin() + axis, 1);
    }
    return concat(parts, axis);
}

// y[lead, before, rest, after] = x[lead, before, indices[lead, rest], after], as tf.gather
inline Array gather(const Array& x, const Array& indices, int axis, int batch_dims) {
    const auto rank = static_cast<int>(x.shape.size());
    require(0 <= batch_dims && batch_dims <= axis && axis < rank &&
                batch_dims <= static_cast<int>(indices.shape.size()), "gather");
    const auto part = [](const std::vector<int>& shape, int first, int last) {
        return std::vector<int>(shape.begin() + first, shape.begin() + last);
    };
    const std::vector<int> lead = part(x.shape, 0, batch_dims), before = part(x.shape, batch_dims, axis);
    const std::vector<int> after = part(x.shape, axis + 1, rank);
    const std::vector<int> rest = part(indices.shape, batch_dims, static_cast<int>(indices.shape.size()));
    require(part(indices.shape, 0, batch_dims) == lead, "gather");
    Array y{x.dtype, lead, {}};
    for (const std::vector<int>& sizes : {before, rest, after})
        y.shape.insert(y.shape.end(), sizes.begin(), sizes.end());

    const std::size_t count = product(rest), inner = product(after), outer = product(before);
    const auto size = static_cast<std::size_t>(x.shape[static_cast<std::size_t>(axis)]);
    for (std::size_t sample = 0; sample < product(lead); ++sample)
        for (std::size_t i = 0; i < outer; ++i)
            for (std::size_t j = 0; j < count; ++j) {
                const double index = indices.values[sample * count + j];
                require(index >= 0 && index < static_cast<double>(size), "gather");
                const std::size_t row = (sample * outer + i) * size + static_cast<std::size_t>(index);
                const auto first = x.values.begin() + static_cast<std::ptrdiff_t>(row * inner);
                y.values.insert(y.values.end(), first, first + static_cast<std::ptrdiff_t>(inner));
            }
    return y;
}

// y's axis i is x's axis order[i].
inline Array transpose(const Array& x, const std::vector<int>& order) {
    require(order.size() == x.shape.size(), "transpose");
    Array y{x.dtype, {}, {}};
    for (const int axis : order) {
        require(axis >= 0 && axis < static_cast<int>(order.size()), "transpose");
        y.shape.push_back(x.shape[static_cast<std::size_t>(axis)]);
    }
    std::vector<int> from(order.size());
    each_position(y.shape, [&](const std::vector<int>& at) {
        for (std::size_t i = 0; i < order.size(); ++i) from[static_cast<std::size_t>(order[i])] = at[i];
        y.values.push_back(x.values[offset_of(x.shape, from)]);
    });
    return y;
}

// The k largest of the last axis, and where they were; of equals the lower index first.
inline std::vector<Array> top_k(const Array& x, int k) {
    require(!x.shape.empty() && k <= x.shape.back(), "top_k");
    Array values{x.dtype, x.shape, {}}, indices{"int32", x.shape, {}};
    values.shape.back() = indices.shape.back() = k;
    const auto size = static_cast<std::size_t>(x.shape.back());
    std::vector<std::size_t> order(size);
    for (std::size_t start = 0; start < x.values.size(); start += size) {
        std::iota(order.begin(), order.end(), start);
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return x.values[a] > x.values[b]; });
        for (std::size_t i = 0; i < static_cast<std::size_t>(k); ++i) {
            values.values.push_back(x.values[order[i]]);
            indices.values.push_back(static_cast<double>(order[i] - start));
        }
    }
    return {values, indices};
}

inline Array select(const Array& condition, const Array& x, const Array& y) {
    Array result{x.dtype, broadcast(condition.shape, broadcast(x.shape, y.shape)), {}};
    each_position(result.shape, [&](const std::vector<int>& at) {
        const Array& chosen = condition.values[offset_of(condition.shape, at)] != 0 ? x : y;
        result.values.push_back(chosen.values[offset_of(chosen.shape, at)]);
    });
    return result;
}

// The steps ------------------------------------------------------------------------------------

using Arithmetic = std::map<std::string, std::function<double(double, double)>>;

// A division by zero is 0 for whole numbers.
inline double floored(double a, double b, const std::string& dtype) {
    return b == 0 && dtype.find("int") != std::string::npos ? 0 : std::floor(a / b);
}

inline Array two_operands(const std::string& op, const Array& x, const Array& y) {
    static const Arithmetic numbers = {
        {"add", [](double a, double b) { return a + b; }},
        {"subtract", [](double a, double b) { return a - b; }},
        {"multiply", [](double a, double b) { return a * b; }},
        {"divide", [](double a, double b) { return a / b; }},
        {"minimum", [](double a, double b) { return std::isnan(a) || a < b ? a : b; }},
        {"maximum", [](double a, double b) { return std::isnan(a) || a > b ? a : b; }},
    };
    static const Arithmetic questions = {
        {"equal", [](double a, double b) { return a == b; }},
        {"not_equal", [](double a, double b) { return a != b; }},
        {"less", [](double a, double b) { return a < b; }},
        {"less_equal", [](double a, double b) { return a <= b; }},
        {"greater", [](double a, double b) { return a > b; }},
        {"greater_equal", [](double a, double b) { return a >= b; }},
        {"and", [](double a, double b) { return a != 0 && b != 0; }},
        {"or", [](double a, double b) { return a != 0 || b != 0; }},
    };
    if (op == "floor_divide")
        return elementwise(x, y, x.dtype, [&](double a, double b) { return floored(a, b, x.dtype); });
    if (op == "modulo")
        return elementwise(x, y, x.dtype, [&](double a, double b) {
            return b == 0 && x.dtype.find("int") != std::string::npos ? 0 : a - b * std::floor(a / b);
        });
    if (const auto found = numbers.find(op); found != numbers.end())
        return elementwise(x, y, x.dtype, found->second);
    if (const auto found = questions.find(op); found != questions.end())
        return elementwise(x, y, "bool", found->second);
    throw Error("manifest.json: tail: there is no step " + op + ". Generate the program again.");
}

inline std::vector<Array> run_step(const std::string& op, const Node& step, const std::vector<Array>& in) {
    if (op == "constant")
        return {reshape({step["dtype"].text(), {}, step["values"].numbers()}, step["shape"].integers())};
    require(!in.empty(), op);
    if (op == "top_k") return top_k(in[0], step["k"].integer());
    if (op == "reshape") return {reshape(in[0], step["shape"].integers())};
    if (op == "slice") return {slice(in[0], step)};
    if (op == "concat") return {concat(in, step["axis"].integer())};
    if (op == "stack") return {stack(in, step["axis"].integer())};
    if (op == "transpose") return {transpose(in[0], step["shape"].integers())};
    if (op == "cast" || op == "not") {
        Array y = in[0];
        y.dtype = op == "not" ? "bool" : step["dtype"].text();
        for (double& value : y.values) value = op == "not" ? value == 0 : as_dtype(value, y.dtype);
        return {y};
    }
    require(in.size() == (op == "where" ? 3 : 2), op);
    if (op == "nms") return nms(in[0], in[1], read_nms(step["nms"]));
    if (op == "combined_nms") return combined_nms(in[0], in[1], read_nms(step["nms"]));
    if (op == "gather") return {gather(in[0], in[1], step["axis"].integer(), step["batch_dims"].integer())};
    if (op == "where") return {select(in[0], in[1], in[2])};
    return {two_operands(op, in[0], in[1])};
}

// The names of all arrays that the steps make.
inline std::set<std::string> names_made(const Node& steps) {
    std::set<std::string> names;
    for (const Node& step : steps.list())
        for (const std::string& name : step["outputs"].texts()) names.insert(name);
    return names;
}

// Do the steps one after another, each adding its results to `arrays`.
inline void finish(Arrays& arrays, const Node& steps) {
    for (const Node& step : steps.list()) {
        std::vector<Array> inputs;
        for (const std::string& name : step["inputs"].texts()) {
            step["inputs"].expect(arrays.count(name) != 0, "made by steps before");
            inputs.push_back(arrays[name]);
        }
        const std::vector<Array> made = run_step(step["op"].text(), step, inputs);
        const std::vector<std::string> names = step["outputs"].texts();
        step["outputs"].expect(names.size() == made.size(), std::to_string(made.size()) + " names");
        for (std::size_t i = 0; i < names.size(); ++i) arrays[names[i]] = made[i];
    }
}

}  // namespace keras2cv::@namespace@
