// Text on images, legible on any size and any background.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

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

// Return a copy of `image` with `lines` in a box at the top left; a picture whose shorter side is
// below 160 pixels is enlarged first, and lines that do not fit are cut, with dots at the end.
inline cv::Mat caption(const cv::Mat& image, std::vector<std::string> lines) {
    const int font = cv::FONT_HERSHEY_SIMPLEX;
    const cv::Scalar ink(255, 255, 255), paper(32, 32, 32);
    const int shorter = std::min(image.rows, image.cols), longer = std::max(image.rows, image.cols);
    const int factor = std::max(1, std::min((159 + shorter) / shorter, 2560 / longer));
    cv::Mat canvas;
    cv::resize(image, canvas, image.size() * factor, 0, 0, cv::INTER_NEAREST);

    const double scale = std::max(0.35, std::min(canvas.rows, canvas.cols) / 600.0);
    const int thickness = std::max(1, static_cast<int>(scale * 1.6 + 0.5));
    int descent = 0;
    const auto width_of = [&](const std::string& text) {
        return cv::getTextSize(text, font, scale, thickness, &descent).width;
    };
    const int ascent = cv::getTextSize("Ag", font, scale, thickness, &descent).height;
    const int below = descent, step = ascent + below + std::max(2, ascent / 3);
    const int room = std::max(1, (canvas.rows - below) / step);
    if (static_cast<int>(lines.size()) > room) lines.resize(static_cast<std::size_t>(room));

    int widest = 0;
    for (std::string& line : lines) {
        line = ascii_text(line);
        std::string kept = line.substr(0, 200);
        while (width_of(line) > canvas.cols && kept.size() > 1) {
            kept.pop_back();
            line = kept + "...";
        }
        widest = std::max(widest, width_of(line));
    }
    const int height = step * static_cast<int>(lines.size()) + below;
    cv::rectangle(canvas, cv::Rect(0, 0, widest + ascent, height) & cv::Rect({}, canvas.size()), paper,
                  cv::FILLED);
    int baseline = -below;
    for (const std::string& line : lines)
        cv::putText(canvas, line, {ascent / 2, baseline += step}, font, scale, ink, thickness, cv::LINE_AA);
    return canvas;
}
