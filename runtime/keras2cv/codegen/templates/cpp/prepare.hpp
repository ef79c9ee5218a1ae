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

// The two source pixels of a target pixel along one axis, and the weight of the second, 0 to 1.
struct Pair {
    int first, second;
    float share;
};

// cv::resize's for uint8: the position is rounded to float32. Across the width one pixel alone counts
// at an edge.
inline std::vector<Pair> linear_pairs(int size, int count, bool is_width) {
    std::vector<Pair> pairs;
    const double scale = 1.0 / (static_cast<double>(count) / size);
    for (int i = 0; i < count; ++i) {
        const float at = static_cast<float>((i + 0.5) * scale - 0.5);
        const int first = cvFloor(at);
        const bool alone = is_width && (first < 0 || first >= size - 1);
        const int low = std::min(std::max(first, 0), size - 1);
        const int high = std::min(std::max(first + 1, 0), size - 1);
        pairs.push_back({low, high, alone ? 0.0f : at - static_cast<float>(first)});
    }
    return pairs;
}

// cv::INTER_LINEAR of uint8 as OpenCV computes it on x86-64, bit for bit: weights of 11 bits, sums cut
// off to 7 bits along the width and to 2 along the height, and rounded.
inline cv::Mat resize_in_integers(const cv::Mat& image, cv::Size size) {
    cv::Mat result(size, image.type());
    const int channels = image.channels();
    const bool halves = image.cols == 2 * size.width && image.rows == 2 * size.height;
    const std::vector<Pair> across = linear_pairs(image.cols, size.width, true);
    const std::vector<Pair> down = linear_pairs(image.rows, size.height, false);
    const auto near = [](float share) { return cvRound((1.0f - share) * 2048.0f); };
    const auto far = [](float share) { return cvRound(share * 2048.0f); };
    for (int y = 0; y < size.height; ++y) {
        const Pair& row = down[static_cast<std::size_t>(y)];
        const uchar *upper = image.ptr(row.first), *lower = image.ptr(row.second);
        uchar* target = result.ptr(y);
        for (const Pair& column : across) {
            for (int c = 0; c < channels; ++c) {
                const int left = column.first * channels + c, right = column.second * channels + c;
                const int a = near(column.share), b = far(column.share);
                const int above = (upper[left] * a + upper[right] * b) >> 4;
                const int below = (lower[left] * a + lower[right] * b) >> 4;
                const int sum = ((above * near(row.share)) >> 16) + ((below * far(row.share)) >> 16);
                const int four = upper[left] + upper[right] + lower[left] + lower[right];
                *target++ = static_cast<uchar>(((halves ? four : sum) + 2) >> 2);
            }
        }
    }
    return result;
}

// Whether this OpenCV's own INTER_LINEAR of uint8 gives those pixels: on ARM, OpenCV may hand it to a
// library that rounds differently and reads past the end of the image. Tried once, on small images in
// larger buffers, so that it is harmless.
inline bool resizes_as_x86(int channels) {
    static const auto tried = [](int count) {
        const int sizes[][4] = {{33, 33, 32, 32}, {66, 41, 40, 28}, {48, 40, 24, 20}, {72, 60, 26, 24},
                                {150, 90, 32, 20}, {24, 20, 48, 40}, {31, 22, 72, 40}};
        cv::RNG random(1);
        for (const auto& size : sizes) {
            cv::Mat buffer(size[1] + 64, size[0] + 16, CV_8UC(count)), resized;
            random.fill(buffer, cv::RNG::UNIFORM, 0, 256);
            const cv::Mat image = buffer(cv::Rect(0, 0, size[0], size[1]));
            const cv::Size target(size[2], size[3]);
            cv::resize(image, resized, target, 0, 0, cv::INTER_LINEAR);
            if (cv::norm(resized, resize_in_integers(image, target), cv::NORM_INF) > 0) return false;
        }
        return true;
    };
    static const bool gray = tried(1), colour = tried(3);
    return channels == 1 ? gray : colour;
}

// tf.image.resize by "bilinear", which does not round to whole pixels: its positions are float32.
inline cv::Mat resize_bilinear(const cv::Mat& image, cv::Size size) {
    const int channels = image.channels();
    const auto find = [](int source, int count) {
        std::vector<Pair> pairs;
        const float scale = static_cast<float>(static_cast<double>(source) / count);
        for (int i = 0; i < count; ++i) {
            const float at = (static_cast<float>(i) + 0.5f) * scale - 0.5f, low = std::floor(at);
            pairs.push_back({std::max(static_cast<int>(low), 0),
                             std::min(static_cast<int>(std::ceil(at)), source - 1), at - low});
        }
        return pairs;
    };
    const std::vector<Pair> across = find(image.cols, size.width), down = find(image.rows, size.height);
    cv::Mat result(size, CV_32FC(channels));
    for (int y = 0; y < size.height; ++y) {
        const Pair& row = down[static_cast<std::size_t>(y)];
        const uchar *upper = image.ptr(row.first), *lower = image.ptr(row.second);
        float* target = result.ptr<float>(y);
        for (const Pair& column : across) {
            for (int c = 0; c < channels; ++c) {
                const int left = column.first * channels + c, right = column.second * channels + c;
                const float above = static_cast<float>(upper[left]) +
                                    static_cast<float>(upper[right] - upper[left]) * column.share;
                const float below = static_cast<float>(lower[left]) +
                                    static_cast<float>(lower[right] - lower[left]) * column.share;
                *target++ = above + (below - above) * row.share;
            }
        }
    }
    return result;
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
    if (interpolation == "linear" && !resizes_as_x86(image.channels()))
        return resize_in_integers(source, size);
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
