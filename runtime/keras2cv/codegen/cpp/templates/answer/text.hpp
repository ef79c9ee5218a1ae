// A line of text, read by CTC.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>
#pragma once

#include "drawing.hpp"  //@only drawn
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

namespace keras2cv::@namespace@ {

const double NEVER = -std::numeric_limits<double>::infinity();  // log of probability 0

using Rows = std::vector<std::vector<double>>;  // log-probabilities of each step

struct Task {
    std::string output, class_axis, scores, decode;
    std::vector<std::string> charset;  // of each class but the blank
    std::size_t blank = 0, beam_width = 1, top_paths = 1;

    const std::string& character(std::size_t number) const {
        return charset[number - (number > blank ? 1 : 0)];
    }
};

// What was decoded: classes, and the log-probability.
struct Decoded {
    std::vector<std::size_t> classes;
    double score;
};

inline Task read_task(const Node& node) {
    const Node facts = node["text"];
    Task task;
    task.output = facts["output"].text();
    task.class_axis = facts["class_axis"].text();
    task.scores = facts["scores"].text();
    task.decode = facts["decode"].text();
    task.charset = facts["charset"].texts();
    const auto positive = [&](const char* key, int least) {
        const int value = facts[key].integer();
        facts[key].expect(value >= least, "a number from " + std::to_string(least) + " on");
        return static_cast<std::size_t>(value);
    };
    task.blank = positive("blank", 0);
    facts["blank"].expect(task.blank <= task.charset.size(), "the number of a class");
    if (task.decode == "beam") {
        task.beam_width = positive("beam_width", 1);
        task.top_paths = positive("top_paths", 1);
    }
    return task;
}

// Return the step's scores as logits, (T, classes); of probabilities, log(p + 1e-7).
inline std::vector<std::vector<float>> logits_of(const Tensor& output, const Task& task) {
    const std::size_t classes = task.charset.size() + 1;
    const bool is_last = task.class_axis == "last";
    const bool fits = output.shape.size() == 2 &&
                      output.shape[is_last ? 1 : 0] == static_cast<int>(classes);
    if (!fits) throw bad_manifest("task.text.charset must have a character for each class but the blank");
    const auto steps = static_cast<std::size_t>(output.shape[is_last ? 0 : 1]);
    std::vector<std::vector<float>> logits(steps, std::vector<float>(classes));
    for (std::size_t t = 0; t < steps; ++t)
        for (std::size_t c = 0; c < classes; ++c) {
            const float value = output.values[is_last ? t * classes + c : c * steps + t];
            logits[t][c] = task.scores == "softmax" ? std::log(value + 1e-7f) : value;
        }
    return logits;
}

inline std::vector<double> log_softmax(const std::vector<float>& logits) {
    const double largest = *std::max_element(logits.begin(), logits.end());
    std::vector<double> row;
    double sum = 0;
    for (const float logit : logits) {
        row.push_back(logit - largest);
        sum += std::exp(row.back());
    }
    for (double& value : row) {
        value -= std::log(sum);
        if (std::isnan(value)) throw Error("The net's scores are not numbers. Run the self-test.");
    }
    return row;
}

// The best class of each step: runs once, blanks left out.
inline Decoded best_path(const std::vector<std::vector<float>>& logits, const Rows& rows,
                         std::size_t blank) {
    Decoded found{{}, 0};
    std::size_t previous = blank;
    for (std::size_t t = 0; t < logits.size(); ++t) {
        const auto best = std::max_element(logits[t].begin(), logits[t].end());
        const auto number = static_cast<std::size_t>(best - logits[t].begin());
        if (number != blank && number != previous) found.classes.push_back(number);
        found.score += rows[t][number];
        previous = number;
    }
    return found;
}

// A beginning of a text, with log-probabilities now and (`old`) a step before. `total` is `blank`
// (it ends in a blank) and `label` (it ends in its last character) together.
struct Prefix {
    Prefix* parent;
    std::size_t last;
    std::map<std::size_t, std::unique_ptr<Prefix>> children;
    double total = NEVER, blank = NEVER, label = NEVER, old_total = NEVER, old_blank = NEVER;

    Prefix(Prefix* parent_, std::size_t last_) : parent(parent_), last(last_) {}

    // How probable it was, a step before, that `next` may follow as a new character.
    double before(std::size_t next) const { return parent && next == last ? old_blank : old_total; }

    std::vector<std::size_t> classes() const {
        std::vector<std::size_t> found;
        for (const Prefix* p = this; p->parent; p = p->parent) found.push_back(p->last);
        std::reverse(found.begin(), found.end());
        return found;
    }
};

inline double add_logs(double one, double two) {
    const double high = std::max(one, two), low = std::min(one, two);
    return low == NEVER ? high : high + std::log1p(std::exp(low - high));
}

// The beam that is being made: the best prefixes so far; of equals, the one that came first.
class Leaves {
public:
    explicit Leaves(std::size_t width) : width_(width) {}

    double floor() const { return sorted_.size() == width_ ? std::get<0>(*sorted_.begin()) : NEVER; }

    void push(Prefix* prefix) {
        if (sorted_.size() == width_) {
            Prefix* worst = std::get<2>(*sorted_.begin());
            worst->total = worst->blank = worst->label = NEVER;
            sorted_.erase(sorted_.begin());
        }
        sorted_.insert(std::make_tuple(prefix->total, -++pushed_, prefix));
    }

    std::vector<Prefix*> best_first() const {
        std::vector<Prefix*> found;
        for (auto leaf = sorted_.rbegin(); leaf != sorted_.rend(); ++leaf)
            found.push_back(std::get<2>(*leaf));
        return found;
    }

private:
    std::size_t width_;
    long pushed_ = 0;
    std::set<std::tuple<double, long, Prefix*>> sorted_;
};

// Add the paths that end in this prefix still, or only now.
inline void stay(Prefix& prefix, const std::vector<double>& row, std::size_t blank) {
    if (prefix.parent) {
        if (prefix.parent->total != NEVER)
            prefix.label = add_logs(prefix.label, prefix.parent->before(prefix.last));
        prefix.label += row[prefix.last];
    }
    prefix.blank = prefix.old_total + row[blank];
    prefix.total = add_logs(prefix.blank, prefix.label);
}

// Let the prefixes that are a character longer into the beam, where they are better.
inline void grow(Prefix& prefix, const std::vector<double>& row, std::size_t blank, Leaves& leaves) {
    for (std::size_t label = 0; label < row.size(); ++label) {
        if (label == blank) continue;
        const double total = row[label] + prefix.before(label);
        const auto known = prefix.children.find(label);
        Prefix* child = known == prefix.children.end() ? nullptr : known->second.get();
        if (child && child->total != NEVER) continue;
        if (total > leaves.floor()) {
            if (!child) {
                prefix.children[label] = std::make_unique<Prefix>(&prefix, label);
                child = prefix.children[label].get();
            }
            child->total = child->label = total;
            child->blank = NEVER;
            leaves.push(child);
        } else if (child) {  // it left the beam in this very step, and grows no more
            child->old_total = child->old_blank = NEVER;
        }
    }
}

// The most probable texts, best first: tf.nn.ctc_beam_search_decoder, which adds up the paths that
// give the same text.
inline std::vector<Decoded> beam_search(const Rows& rows, const Task& task) {
    Prefix root(nullptr, 0);
    root.total = root.blank = 0;
    std::vector<Prefix*> beam = {&root};
    for (const std::vector<double>& row : rows) {
        for (Prefix* prefix : beam) {
            prefix->old_total = prefix->total;
            prefix->old_blank = prefix->blank;
        }
        Leaves leaves(task.beam_width);
        for (Prefix* prefix : beam) {
            stay(*prefix, row, task.blank);
            leaves.push(prefix);
        }
        for (Prefix* prefix : beam)
            if (prefix->old_total > leaves.floor()) grow(*prefix, row, task.blank, leaves);
        beam = leaves.best_first();
    }
    std::vector<Decoded> found;
    for (std::size_t k = 0; k < std::min(task.top_paths, beam.size()); ++k)
        found.push_back({beam[k]->classes(), beam[k]->total});
    return found;
}

// The state of each step on the most probable path: 2k + 1 is the k-th class, even ones are blanks.
inline std::vector<std::size_t> align(const Rows& rows, const std::vector<std::size_t>& classes,
                                      std::size_t blank) {
    std::vector<std::size_t> states(2 * classes.size() + 1, blank);
    for (std::size_t k = 0; k < classes.size(); ++k) states[2 * k + 1] = classes[k];
    const std::size_t count = states.size(), steps = rows.size();
    std::vector<double> best(count, NEVER);
    for (std::size_t s = 0; s < std::min<std::size_t>(2, count); ++s) best[s] = rows[0][states[s]];
    std::vector<std::vector<std::size_t>> moves(steps, std::vector<std::size_t>(count, 0));
    for (std::size_t t = 1; t < steps; ++t) {
        std::vector<double> next(count);
        for (std::size_t s = 0; s < count; ++s) {
            double score = best[s];
            if (s > 0 && best[s - 1] > score) score = best[s - 1], moves[t][s] = 1;
            const bool may_skip = s > 2 && s % 2 == 1 && states[s] != states[s - 2];
            if (may_skip && best[s - 2] > score) score = best[s - 2], moves[t][s] = 2;
            next[s] = score + rows[t][states[s]];
        }
        best = next;
    }
    std::size_t state = count - 1;
    if (count > 1 && best[count - 2] > best[count - 1]) --state;
    std::vector<std::size_t> path(steps);
    for (std::size_t t = steps; t-- > 0;) {
        path[t] = state;
        state -= moves[t][state];
    }
    return path;
}

inline std::vector<Character> characters_of(const std::vector<std::size_t>& classes,
                                            const Rows& rows, const Task& task) {
    const std::vector<std::size_t> path = align(rows, classes, task.blank);
    std::vector<Character> found;
    for (const std::size_t number : classes)
        found.push_back({task.character(number), 0, rows.size(), 0});
    for (std::size_t t = 0; t < path.size(); ++t) {
        if (path[t] % 2 == 0) continue;
        Character& character = found[path[t] / 2];
        character.score = std::max(character.score, std::exp(rows[t][classes[path[t] / 2]]));
        character.first = std::min(character.first, t);
        character.end = t + 1;
    }
    return found;
}

inline TextResult find_answer(const Sample& sample, const Task& task) {
    const std::vector<std::vector<float>> logits = logits_of(find_output(sample, task.output), task);
    Rows rows;
    for (const std::vector<float>& step : logits) rows.push_back(log_softmax(step));
    std::vector<Decoded> found;
    if (task.decode == "beam") found = beam_search(rows, task);
    else found.push_back(best_path(logits, rows, task.blank));
    TextResult result{{}, characters_of(found[0].classes, rows, task), rows.size()};
    for (const Decoded& decoded : found) {
        std::string text;
        for (const std::size_t number : decoded.classes) text += task.character(number);
        result.paths.push_back({text, std::exp(decoded.score)});
    }
    return result;
}

std::string to_line(const TextResult& result) {
    std::vector<std::string> shown;
    for (const TextPath& path : result.paths)
        shown.push_back((path.text.empty() ? "(nothing)" : path.text) + format(" %.4f", path.score));
    return join(shown);
}

std::string to_json(const TextResult& result) {
    const auto record = [](const std::string& text, double score) {
        return "\"text\": " + json_text(text) + ", \"score\": " + json_number(score);
    };
    std::vector<std::string> characters, paths;
    for (const Character& c : result.characters)
        characters.push_back("{" + record(c.text, c.score) + ", \"steps\": [" + std::to_string(c.first) +
                             ", " + std::to_string(c.end) + "]}");
    for (const TextPath& path : result.paths) paths.push_back("{" + record(path.text, path.score) + "}");
    return "{\"task\": \"text\", " + record(result.paths[0].text, result.paths[0].score) +
           ", \"characters\": " + json_list(characters) + ", \"paths\": " + json_list(paths) +
           ", \"step_count\": " + std::to_string(result.steps) + "}";
}
//@begin drawn

// Return the image with the three best texts.
cv::Mat draw(const TextResult& result, const cv::Mat& image) {
    std::vector<std::string> lines;
    for (std::size_t k = 0; k < std::min<std::size_t>(3, result.paths.size()); ++k)
        lines.push_back(result.paths[k].text + format(" %.3f", result.paths[k].score));
    return caption(as_bgr(image), lines);
}
//@end

}  // namespace keras2cv::@namespace@
