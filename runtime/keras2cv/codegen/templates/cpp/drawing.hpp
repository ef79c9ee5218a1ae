// Text and shapes on images, legible on any size and any background.
#pragma once

#include <algorithm>
#include <cmath>  //@only score
#include <string>
#include <vector>  //@only !pixels

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

static const int FONT = cv::FONT_HERSHEY_SIMPLEX;
static const cv::Scalar LIGHT(255, 255, 255), DARK(32, 32, 32);

// cv::putText draws ASCII only: every other letter becomes a question mark.
inline std::string ascii_text(const std::string& utf8) {
    std::string result;
    for (const char c : utf8) {
        const unsigned char byte = static_cast<unsigned char>(c);
        if (byte < 0x80) result += c;
        else if (byte >= 0xC0) result += '?';  // the bytes that follow belong to the same letter
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
        int unused = 0;
        return cv::getTextSize(text, FONT, scale, thickness, &unused).width;
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

// Return a copy of the image, enlarged by a whole number if its shorter side is below 160 pixels,
// where no text could be read.
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
// The BGR colour of a class: a turn by the golden angle never comes back to an earlier hue.
inline cv::Scalar colour_of(int number) {
    const double hue = std::fmod(number * (std::sqrt(5.0) - 1) / 2, 1.0) * 6;
    cv::Scalar colour;
    for (int i = 0; i < 3; ++i) {
        const double turn = std::fmod(hue - 2 * (2 - i) + 6, 6.0);  // blue, green, red: 4, 2, 0
        colour[i] = cvRound(55 + 200 * std::min(std::max(std::abs(turn - 3) - 1, 0.0), 1.0));
    }
    return colour;
}

// Write `text` on paper of `colour`, above a corner or, at the top of the picture, below it.
inline void tag(cv::Mat& canvas, const std::string& text, cv::Point corner, const cv::Scalar& colour,
                const Pen& pen) {
    const std::string shown = pen.fitted(text, canvas.cols);
    const int width = pen.width(shown), height = pen.ascent + pen.descent;
    const int x = std::max(0, std::min(corner.x, canvas.cols - width - 2));
    const int y = corner.y > height ? corner.y : corner.y + height;
    cv::rectangle(canvas, {x, y - height}, {x + width, y}, colour, cv::FILLED);
    const bool is_light = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2] > 105;
    pen.write(canvas, shown, {x, y - pen.descent}, is_light ? DARK : LIGHT);
}
//@end
