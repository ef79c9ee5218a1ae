// From images of any size to the net's input: resize, then (pixel - mean) * scale / std.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "manifest.hpp"

inline int cv_interpolation(const std::string& name) {
    static const std::map<std::string, int> flags = {
        {"nearest", cv::INTER_NEAREST}, {"linear", cv::INTER_LINEAR},
        {"area", cv::INTER_AREA},       {"cubic", cv::INTER_CUBIC},
        {"lanczos4", cv::INTER_LANCZOS4},
        {"tf-bilinear", cv::INTER_LINEAR},  // on float32: TensorFlow does not round to whole pixels
    };
    const auto found = flags.find(name);
    if (found == flags.end())
        throw Error("OpenCV alone has no interpolation " + name + ". Run the bundle with keras2cv.");
    return found->second;
}

// The largest centred part of an image that has the target's aspect ratio, rounded down.
inline cv::Rect center_box(cv::Size image, cv::Size target) {
    const int width = std::max(1, std::min(image.width, image.height * target.width / target.height));
    const int height = std::max(1, std::min(image.height, image.width * target.height / target.width));
    return cv::Rect((image.width - width) / 2, (image.height - height) / 2, width, height);
}

// The part of the target that the whole image fills, aspect ratio kept: tf.image.resize_with_pad,
// in its float32, on which the rounding depends.
inline cv::Rect letterbox_box(cv::Size image, cv::Size target) {
    const float image_width = static_cast<float>(image.width);
    const float image_height = static_cast<float>(image.height);
    const float target_width = static_cast<float>(target.width);
    const float target_height = static_cast<float>(target.height);
    const float shrink = std::max(image_width / target_width, image_height / target_height);
    const float width = image_width / shrink, height = image_height / shrink;
    return cv::Rect(std::max(0, static_cast<int>(std::floor((target_width - width) / 2.0f))),
                    std::max(0, static_cast<int>(std::floor((target_height - height) / 2.0f))),
                    std::max(1, static_cast<int>(std::floor(width))),
                    std::max(1, static_cast<int>(std::floor(height))));
}

// Bring an image to the net's size: uint8, or float32 for "tf-bilinear".
inline cv::Mat fit(const cv::Mat& image, const Preprocessing& rules) {
    const int interpolation = cv_interpolation(rules.interpolation);
    cv::Mat source = image, resized;
    if (rules.interpolation == "tf-bilinear") image.convertTo(source, CV_32F);
    if (rules.resize == "letterbox") {
        const cv::Rect box = letterbox_box(image.size(), rules.size);
        cv::resize(source, resized, box.size(), 0, 0, interpolation);
        cv::Mat canvas(rules.size, source.type(), cv::Scalar::all(rules.pad));
        resized.copyTo(canvas(box));
        return canvas;
    }
    if (rules.resize == "center-crop") {
        source = source(center_box(image.size(), rules.size));
    } else if (rules.resize != "stretch") {
        throw Error("There is no resize rule " + rules.resize + ". Generate the program again.");
    }
    cv::resize(source, resized, rules.size, 0, 0, interpolation);
    return resized;
}

// Return images (BGR, uint8, any sizes) as one blob (batch, C, H, W) float32; the last image fills
// what is missing of the batch.
inline cv::Mat prepare(const std::vector<cv::Mat>& images, const Preprocessing& rules, int batch) {
    std::vector<cv::Mat> fitted;
    for (const cv::Mat& image : images) {
        cv::Mat pixels = image;
        if (rules.color == "GRAY") cv::cvtColor(image, pixels, cv::COLOR_BGR2GRAY);
        fitted.push_back(fit(pixels, rules));
    }
    fitted.resize(static_cast<std::size_t>(batch), fitted.back());
    cv::Scalar mean;
    for (std::size_t c = 0; c < rules.mean.size(); ++c) mean[static_cast<int>(c)] = rules.mean[c];
    const bool swap_red_and_blue = rules.color == "RGB";
    cv::Mat blob = cv::dnn::blobFromImages(fitted, rules.scale, cv::Size(), mean, swap_red_and_blue);
    for (int n = 0; n < blob.size[0]; ++n) {
        for (int c = 0; c < blob.size[1]; ++c) {
            cv::Mat plane(rules.size, CV_32F, blob.ptr<float>(n, c));  // a view: changes the blob
            plane /= rules.deviation[static_cast<std::size_t>(c)];
        }
    }
    return blob;
}
