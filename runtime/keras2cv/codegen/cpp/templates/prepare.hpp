// From images of any size to the net's input: resize, then (pixel - mean) * scale / std.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "manifest.hpp"
#include "resample.hpp"  //@only resample
#include "resizing.hpp"

inline int cv_interpolation(const std::string& name) {
    static const std::map<std::string, int> flags = {
        {"nearest", cv::INTER_NEAREST}, {"linear", cv::INTER_LINEAR},
        {"area", cv::INTER_AREA},       {"cubic", cv::INTER_CUBIC},
        {"lanczos4", cv::INTER_LANCZOS4},
    };
    const auto found = flags.find(name);
    if (found == flags.end())
        throw Error("This program has no interpolation " + name + ". Generate it again.");
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

// How wide the bars of keras.layers.Resizing(pad_to_aspect_ratio=True) are, left and right alike, and
// how high: the image is extended to the target's shape before it is resized.
inline cv::Size pad_bars(cv::Size image, cv::Size target) {
    const auto length = [](int across, int wanted, int other) {
        return static_cast<int>(static_cast<float>(across * wanted) / static_cast<float>(other));
    };
    const int width = length(image.height, target.width, target.height);
    const int height = length(image.width, target.height, target.width);
    return {std::max(0, width - image.width) / 2, std::max(0, height - image.height) / 2};
}

// The pixel of `size` ones from `start` on that each of `count` takes: Pillow adds the step again and
// again, and TensorFlow multiplies in float32, on whose rounding the choice depends.
inline std::vector<int> nearest_indices(int start, int size, int count, bool as_pillow) {
    std::vector<int> indices;
    const double step = static_cast<double>(size) / count;
    double position = start + step * 0.5;
    for (int i = 0; i < count; ++i) {
        const float centre = (static_cast<float>(i) + 0.5f) * static_cast<float>(step);
        const int in_part = std::min(static_cast<int>(centre), size - 1);
        indices.push_back(as_pillow ? static_cast<int>(position) : start + in_part);
        position += step;
    }
    return indices;
}

// Bring a part of an image to a size: uint8, or float32 for "tf-bilinear".  //@only !tensorflow
// Bring a part of an image to a size: uint8, or float32 for TensorFlow's but "tf-nearest".  //@only tensorflow
inline cv::Mat resize_part(const cv::Mat& image, const cv::Rect& part, cv::Size size,
                           const std::string& interpolation) {
    cv::Mat result;
    if (interpolation == "pil-nearest" || interpolation == "tf-nearest") {
        const bool as_pillow = interpolation == "pil-nearest";
        const std::vector<int> rows = nearest_indices(part.y, part.height, size.height, as_pillow);
        const std::vector<int> columns = nearest_indices(part.x, part.width, size.width, as_pillow);
        result.create(size, image.type());
        const std::size_t bytes = image.elemSize();
        for (int y = 0; y < size.height; ++y) {
            const uchar* row = image.ptr(rows[static_cast<std::size_t>(y)]);
            uchar* target = result.ptr(y);
            for (const int column : columns) {
                std::memcpy(target, row + static_cast<std::size_t>(column) * bytes, bytes);
                target += bytes;
            }
        }
        return result;
    }
    if (is_resampled(interpolation)) return resample(image, part, size, interpolation);  //@only resample
    const cv::Mat source = image(part);
    if (interpolation == "tf-bilinear") return resize_bilinear(source, size);
    if (interpolation == "linear" && !is_linear_exact(image.channels()))
        return resize_in_integers(source, size);
    if (interpolation == "cubic") return resize_cubic(source, size);
    if (interpolation == "area" && is_sum_of_parts(source.size(), size) &&
        !is_area_exact(image.channels()))
        return resize_area(source, size);
    cv::resize(source, result, size, 0, 0, cv_interpolation(interpolation));
    return result;
}

// Bring an image to the net's size.
inline cv::Mat fit(const cv::Mat& image, const Preprocessing& rules) {
    const cv::Rect whole({}, image.size());
    if (rules.resize == "letterbox") {
        const cv::Rect box = letterbox_box(image.size(), rules.size);
        const cv::Mat resized = resize_part(image, whole, box.size(), rules.interpolation);
        cv::Mat canvas(rules.size, resized.type(), cv::Scalar::all(rules.pad));
        resized.copyTo(canvas(box));
        return canvas;
    }
    if (rules.resize == "pad") {
        const cv::Size bar = pad_bars(image.size(), rules.size);
        cv::Mat padded;
        cv::copyMakeBorder(image, padded, bar.height, bar.height, bar.width, bar.width,
                           cv::BORDER_CONSTANT, cv::Scalar::all(rules.pad));
        return resize_part(padded, cv::Rect({}, padded.size()), rules.size, rules.interpolation);
    }
    if (rules.resize != "stretch" && rules.resize != "center-crop")
        throw Error("There is no resize rule " + rules.resize + ". Generate the program again.");
    const bool crops = rules.resize == "center-crop";
    const cv::Rect part = crops ? center_box(image.size(), rules.size) : whole;
    return resize_part(image, part, rules.size, rules.interpolation);
}

// Return images (BGR, uint8, any sizes) as one blob (batch, C, H, W) float32; the last image fills
// what is missing of the batch.
inline cv::Mat prepare(const std::vector<cv::Mat>& images, const Preprocessing& rules, int batch) {
    std::vector<cv::Mat> fitted;
    for (const cv::Mat& image : images) {
        cv::Mat pixels = image;
        if (rules.color == "GRAY") cv::cvtColor(image, pixels, cv::COLOR_BGR2GRAY);
        fitted.push_back(fit(pixels, rules));
        if (rules.transpose) fitted.back() = fitted.back().t();
    }
    fitted.resize(static_cast<std::size_t>(batch), fitted.back());
    cv::Scalar mean;
    for (std::size_t c = 0; c < rules.mean.size(); ++c) mean[static_cast<int>(c)] = rules.mean[c];
    const bool swap_red_and_blue = rules.color == "RGB";
    cv::Mat blob = cv::dnn::blobFromImages(fitted, rules.scale, cv::Size(), mean, swap_red_and_blue);
    for (int n = 0; n < blob.size[0]; ++n) {
        for (int c = 0; c < blob.size[1]; ++c) {
            cv::Mat plane(blob.size[2], blob.size[3], CV_32F, blob.ptr<float>(n, c));  // a view
            plane /= rules.deviation[static_cast<std::size_t>(c)];
        }
    }
    return blob;
}
