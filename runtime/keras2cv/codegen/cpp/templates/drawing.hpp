// Text and shapes on images, legible on any size and any background.
#pragma once

#include <algorithm>
#include <cmath>  //@only score
#include <cstddef>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace keras2cv::@namespace@ {

constexpr int FONT = cv::FONT_HERSHEY_SIMPLEX;
const cv::Scalar LIGHT(255, 255, 255), DARK(32, 32, 32);

// cv::putText draws ASCII only: every other letter becomes a question mark.
inline std::string ascii_text(const std::string& utf8) {
    std::string result;
    for (const char c : utf8) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 || byte >= 0xC0) result += byte < 0x80 ? c : '?';  // not a letter's further bytes
    }
    return result;
}

// How text is written: its size, and the room that a line takes.
struct Pen {
    double scale;
    int thickness, ascent, descent = 0;

    explicit Pen(double wanted)
        : scale(std::max(0.35, wanted)), thickness(std::max(1, cvRound(scale * 1.6))) {
        ascent = cv::getTextSize("Ag", FONT, scale, thickness, &descent).height;
    }

    int width(const std::string& text) const {
        return cv::getTextSize(text, FONT, scale, thickness, nullptr).width;
    }

    // Return `text` in ASCII, cut, with dots at the end, so that it is at most `room` pixels wide.
    std::string fitted(const std::string& text, int room) const {
        std::string line = ascii_text(text), kept = line.substr(0, 200);
        while (width(line) > room && kept.size() > 1) {
            kept.pop_back();
            line = kept + "...";
        }
        return line;
    }

    void write(cv::Mat& canvas, const std::string& text, cv::Point at, const cv::Scalar& ink) const {
        cv::putText(canvas, text, at, FONT, scale, ink, thickness, cv::LINE_AA);
    }
};

// Return a copy of an image (BGR, uint8), enlarged by a whole number if its shorter side is below 160
// pixels, where no text could be read.
inline cv::Mat enlarged(const cv::Mat& image) {
    const int shorter = std::min(image.rows, image.cols), longer = std::max(image.rows, image.cols);
    const int factor = std::max(1, std::min((159 + shorter) / shorter, 2560 / longer));
    cv::Mat canvas;
    cv::resize(image, canvas, image.size() * factor, 0, 0, cv::INTER_NEAREST);
    return canvas;
}

//@begin !pixels
// Return a copy of the image with `lines` in a box at the top left; those that do not fit are cut.
inline cv::Mat caption(const cv::Mat& image, std::vector<std::string> lines) {
    cv::Mat canvas = enlarged(image);
    const Pen pen(std::min(canvas.rows, canvas.cols) / 600.0);
    const int step = pen.ascent + pen.descent + std::max(2, pen.ascent / 3);
    const int room = std::max(1, (canvas.rows - pen.descent) / step);
    if (static_cast<int>(lines.size()) > room) lines.resize(static_cast<std::size_t>(room));
    int widest = 0;
    for (std::string& line : lines) {
        line = pen.fitted(line, canvas.cols);
        widest = std::max(widest, pen.width(line));
    }
    const int height = step * static_cast<int>(lines.size()) + pen.descent;
    const cv::Rect box = cv::Rect(0, 0, widest + pen.ascent, height) & cv::Rect({}, canvas.size());
    cv::rectangle(canvas, box, DARK, cv::FILLED);
    int baseline = -pen.descent;
    for (const std::string& line : lines) pen.write(canvas, line, {pen.ascent / 2, baseline += step}, LIGHT);
    return canvas;
}
//@end
//@begin score
// Linear sRGB of CIELAB's L* 72, a chroma and a hue; beyond 0 to 1 where sRGB has no such colour.
inline cv::Vec3d linear_rgb(double chroma, double hue) {
    const double middle = (72.0 + 16) / 116;
    const cv::Vec3d roots(middle + chroma * std::cos(hue) / 500, middle,
                          middle - chroma * std::sin(hue) / 200);
    const cv::Vec3d white(0.95047, 1.0, 1.08883);
    cv::Vec3d xyz;
    for (int i = 0; i < 3; ++i)
        xyz[i] = white[i] * (roots[i] > 6.0 / 29 ? std::pow(roots[i], 3)
                                                 : 3 * std::pow(6.0 / 29, 2) * (roots[i] - 4.0 / 29));
    const cv::Matx33d to_rgb(3.2404542, -1.5371385, -0.4985314, -0.9692660, 1.8760108, 0.0415560,
                             0.0556434, -0.2040259, 1.0572252);
    return to_rgb * xyz;
}

// The BGR colour of a class, all of one lightness: a turn by the golden angle never comes back to
// an earlier hue.
inline cv::Scalar colour_of(int number) {
    const double turns = std::fmod(number * (std::sqrt(5.0) - 1) / 2 + 0.08, 1.0);
    const double hue = 2 * CV_PI * turns;
    double low = 0, high = 90;
    for (int i = 0; i < 12; ++i) {
        const double middle = (low + high) / 2;
        const cv::Vec3d rgb = linear_rgb(middle, hue);
        const bool inside =
            *std::min_element(rgb.val, rgb.val + 3) >= 0 && *std::max_element(rgb.val, rgb.val + 3) <= 1;
        (inside ? low : high) = middle;
    }
    const cv::Vec3d rgb = linear_rgb(low, hue);
    cv::Scalar colour;
    for (int i = 0; i < 3; ++i) {
        const double part = std::min(std::max(rgb[2 - i], 0.0), 1.0);
        const double curved = part <= 0.0031308 ? 12.92 * part : 1.055 * std::pow(part, 1 / 2.4) - 0.055;
        colour[i] = cvRound(255 * curved);
    }
    return colour;
}

// Return `text`, or `otherwise` where cv::putText draws most of it as question marks.
inline std::string readable(const std::string& text, const std::string& otherwise) {
    const std::string shown = ascii_text(text);
    const auto lost = std::count(shown.begin(), shown.end(), '?') - std::count(text.begin(), text.end(), '?');
    return 2 * lost > static_cast<std::ptrdiff_t>(shown.size()) ? otherwise : text;
}

constexpr int PAPER = 3;  // pixels of paper beside a text

// Write a line that fits on paper of `colour`.
inline void write_tag(cv::Mat& canvas, const std::string& line, cv::Point corner, const cv::Scalar& colour,
                      const Pen& pen) {
    const int height = pen.ascent + pen.descent;
    cv::rectangle(canvas, corner, {corner.x + pen.width(line) + 2 * PAPER - 1, corner.y + height - 1}, colour,
                  cv::FILLED);
    pen.write(canvas, line, {corner.x + PAPER, corner.y + pen.ascent}, DARK);
}

// A text on paper, and the first and last pixels of the box or point that it belongs to.
struct Tag {
    std::string text;
    cv::Scalar colour;
    cv::Point from, to;
};

inline long long pixels_on(const cv::Rect& rect, const cv::Rect& other) { return (rect & other).area(); }

// Write texts, the first ones where they like best, none on another if that is possible. A text
// goes above, below, at the right or left of its box, or into it; beside, above or below a point.
inline void draw_tags(cv::Mat& canvas, std::vector<Tag> tags, const Pen& pen, int gap, bool of_points) {
    const int h = pen.ascent + pen.descent;
    std::vector<cv::Rect> taken;
    for (Tag& tag : tags) {
        tag.text = pen.fitted(tag.text, canvas.cols - 2 * PAPER);
        const int w = pen.width(tag.text) + 2 * PAPER;
        const cv::Point a = tag.from, b = tag.to;
        const cv::Point right(b.x + gap + 1, a.y - gap), left(a.x - gap - w, a.y - gap);
        const cv::Point above(a.x - gap, a.y - gap - h), below(a.x - gap, b.y + gap + 1);
        const int end = b.x + gap + 1 - w;
        std::vector<cv::Point> places = {above, below, {end, above.y}, {end, below.y},
                                         right, left, {a.x + gap + 1, a.y + gap + 1},
                                         {right.x, below.y - h}, {left.x, below.y - h},
                                         {b.x - gap - w, b.y - gap - h},
                                         {above.x, above.y - h}, {below.x, below.y + h}};
        if (of_points) places = {right, left, above, below};
        long long least = -1;
        cv::Rect best;
        for (std::size_t i = 0; i < places.size(); ++i) {
            const cv::Point seen(std::max(0, std::min(places[i].x, canvas.cols - w)),
                                 std::max(0, std::min(places[i].y, canvas.rows - h)));
            const cv::Rect rect(seen, cv::Size(w, h));
            long long cost = static_cast<long long>(i) * (w * h / 8);
            for (const cv::Rect& other : taken) cost += 64 * pixels_on(rect, other);
            for (const Tag& one : tags) {
                const cv::Point line(gap, gap), more(gap + 1, gap + 1);
                const cv::Rect outer(one.from - line, one.to + more);
                const cv::Point start = one.from + more, stop = one.to - line;
                const bool is_open = stop.x > start.x && stop.y > start.y;
                const long long in_box = is_open ? pixels_on(rect, cv::Rect(start, stop)) : 0;
                cost += 4 * (pixels_on(rect, outer) - in_box) + in_box;
            }
            if (least >= 0 && cost >= least) continue;
            least = cost;
            best = rect;
        }
        taken.push_back(best);
    }
    for (std::size_t i = tags.size(); i-- > 0;)
        write_tag(canvas, tags[i].text, taken[i].tl(), tags[i].colour, pen);
}
//@end

}  // namespace keras2cv::@namespace@
