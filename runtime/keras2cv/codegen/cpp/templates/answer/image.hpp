// An image that the model made of the image.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>
#pragma once

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"
#include "placement.hpp"

namespace keras2cv::@namespace@ {

struct Task {
    std::string output, color;  // the order of its channels: RGB, BGR or GRAY
    double low, high;           // the values that are black and full brightness
};

inline Task read_task(const Node& node) {
    const Node facts = node["image"];
    Task task{facts["output"].text(), facts["color"].text(), facts["low"].number(), facts["high"].number()};
    facts["high"].expect(task.low < task.high, "above low");
    return task;
}

// A value as a pixel; what is not a number is black.
inline uchar to_pixel(float value, const Task& task) {
    const auto low = static_cast<float>(task.low), range = static_cast<float>(task.high - task.low);
    const float share = (value - low) / range;
    return static_cast<uchar>(share > 0 ? cvRound(std::min(share, 1.0f) * 255.0f) : 0);
}

inline ImageResult find_answer(const Sample& sample, const Task& task, const Placement& place) {
    const Tensor& output = find_output(sample, task.output);
    const int channels = output.shape.size() == 3 ? output.shape[2] : 1;
    if (output.shape.size() < 2 || output.shape.size() > 3 || channels != (task.color == "GRAY" ? 1 : 3))
        throw bad_manifest("task.image.output must be an image (h, w, C)");
    cv::Mat whole(output.shape[0], output.shape[1], CV_8UC(channels));
    std::transform(output.values.begin(), output.values.end(), whole.ptr<uchar>(),
                   [&](float value) { return to_pixel(value, task); });
    if (task.color != "BGR")
        cv::cvtColor(whole, whole, task.color == "GRAY" ? cv::COLOR_GRAY2BGR : cv::COLOR_RGB2BGR);

    const double per_x = static_cast<double>(whole.cols) / place.input.width;
    const double per_y = static_cast<double>(whole.rows) / place.input.height;
    const cv::Rect content = place.content();
    const cv::Point from(cvRound(content.x * per_x), cvRound(content.y * per_y));
    const cv::Point to(std::max(from.x + 1, cvRound(content.br().x * per_x)),
                       std::max(from.y + 1, cvRound(content.br().y * per_y)));
    return {whole(cv::Rect(from, to) & cv::Rect({}, whole.size())).clone(), place.visible().size()};
}

std::string to_line(const ImageResult& result) {
    return std::to_string(result.image.cols) + "x" + std::to_string(result.image.rows) + " pixels";
}

std::string to_json(const ImageResult& result) {
    const cv::Scalar mean = cv::mean(result.image);
    return "{\"task\": \"image\", \"image_wh\": [" + std::to_string(result.image.cols) + ", " +
           std::to_string(result.image.rows) + "], \"mean_bgr\": " +
           json_list({json_number(mean[0]), json_number(mean[1]), json_number(mean[2])}) + "}";
}
//@begin !arrays

// Return the image that came out in the shape of what went in: of that size, or of the net's own
// where that is larger.
cv::Mat draw(const ImageResult& result, const cv::Mat&) {
    const double across = static_cast<double>(result.image.cols) / result.visible.width;
    const double down = static_cast<double>(result.image.rows) / result.visible.height;
    const double scale = std::max(1.0, std::min(across, down));
    const cv::Size size(cvRound(result.visible.width * scale), cvRound(result.visible.height * scale));
    const bool shrinks = size.width < result.image.cols || size.height < result.image.rows;
    cv::Mat picture;
    cv::resize(result.image, picture, size, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
    return picture;
}
//@end

}  // namespace keras2cv::@namespace@
