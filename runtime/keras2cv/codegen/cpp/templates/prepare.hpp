// From images of any size to the net's input: resize, then (pixel - mean) * scale / std.
#pragma once

#include <algorithm>
#include <cstring>  //@only picked
#include <map>  //@only deep
#include <string>
#include <utility>  //@only deep bands
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

#include "manifest.hpp"
#include "resample.hpp"  //@only resample
#include "resizing.hpp"  //@only linear cubic area bilinear

namespace keras2cv::@namespace@ {

// Return an image, (H, W, 3) uint8: gray in all three channels, alpha dropped, 16 bits made 8.
inline cv::Mat as_bgr(const cv::Mat& image) {
    const int channels = image.channels();
    if (image.dims != 2 || image.empty() || std::max(image.rows, image.cols) > 32767 || channels == 2 ||
        channels > 4 || (image.depth() != CV_8U && image.depth() != CV_16U))
        throw Error("An image must be gray, BGR or BGRA, uint8 or uint16, with sides of 1 to 32767 pixels. "
                    "cv::imread returns an empty one for a file that it cannot read.");
    cv::Mat pixels = image;
    if (image.depth() == CV_16U) image.convertTo(pixels, CV_8U, 1.0 / 256, -0.498);  // the upper byte
    if (channels == 1) cv::cvtColor(pixels, pixels, cv::COLOR_GRAY2BGR);
    if (channels == 4) cv::cvtColor(pixels, pixels, cv::COLOR_BGRA2BGR);
    return pixels;
}

//@begin deep bands
// Return an image as `prepare` takes it: uint8 BGR, or as the input has it, of 16 bits or other channels.
inline cv::Mat as_picture(const cv::Mat& image, const Preprocessing& rules) {
    const bool is_plain = rules.color == "RGB" || rules.color == "BGR" || rules.color == "GRAY";
    const bool is_deep = rules.is_deep;  //@only deep
    const bool is_deep = false;  //@only !deep
    if (is_plain && !is_deep) return as_bgr(image);
    const bool is_image = image.dims == 2 && !image.empty() && std::max(image.rows, image.cols) <= 32767 &&
                          (image.depth() == CV_8U || image.depth() == CV_16U);
    const int channels = image.channels();
    const bool is_colour = channels == 1 || channels == 3 || channels == 4;
    if (!is_image || !(is_plain ? is_colour : channels == rules.channels()))
        throw Error("An image for " + rules.input + " must have " +
                    (is_plain ? "1, 3 or 4" : std::to_string(rules.channels())) + " channels of uint8 or "
                    "uint16 and sides of 1 to 32767 pixels, got one of " + std::to_string(channels) + ".");
    cv::Mat pixels = image;
    if (is_deep && image.depth() == CV_8U) image.convertTo(pixels, CV_16U, 257);
    if (!is_deep && image.depth() == CV_16U) image.convertTo(pixels, CV_8U, 1.0 / 256, -0.498);
    if (is_plain && rules.color != "GRAY" && channels == 1) cv::cvtColor(pixels, pixels, cv::COLOR_GRAY2BGR);
    if (is_plain && rules.color != "GRAY" && channels == 4) cv::cvtColor(pixels, pixels, cv::COLOR_BGRA2BGR);
    if (rules.color == "GRAY" && channels == 3) cv::cvtColor(pixels, pixels, cv::COLOR_BGR2GRAY);
    if (rules.color == "GRAY" && channels == 4) cv::cvtColor(pixels, pixels, cv::COLOR_BGRA2GRAY);
    return pixels;
}

//@end
// The largest centred part of an image that has the target's aspect ratio, rounded down.
inline cv::Rect center_box(cv::Size image, cv::Size target) {
    const int width = std::max(1, std::min(image.width, image.height * target.width / target.height));
    const int height = std::max(1, std::min(image.height, image.width * target.height / target.width));
    return {(image.width - width) / 2, (image.height - height) / 2, width, height};
}

// The part of the target that the whole image fills, aspect ratio kept: tf.image.resize_with_pad,
// in its float32, on which the rounding depends.
inline cv::Rect letterbox_box(cv::Size image, cv::Size target) {
    const cv::Size2f from = image, to = target;
    const float shrink = std::max(from.width / to.width, from.height / to.height);
    const float width = from.width / shrink, height = from.height / shrink;
    return {std::max(0, cvFloor((to.width - width) / 2.0f)),
            std::max(0, cvFloor((to.height - height) / 2.0f)), std::max(1, cvFloor(width)),
            std::max(1, cvFloor(height))};
}

// How wide the bars of keras.layers.Resizing(pad_to_aspect_ratio=True) are, left and right alike, and
// how high: the image is extended to the target's shape before it is resized, by sizes in float32.
inline cv::Size pad_bars(cv::Size image, cv::Size target) {
    const cv::Size2f to = target;
    const auto width = static_cast<int>(static_cast<float>(image.height * target.width) / to.height);
    const auto height = static_cast<int>(static_cast<float>(image.width * target.height) / to.width);
    return {std::max(0, width - image.width) / 2, std::max(0, height - image.height) / 2};
}

//@begin picked
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

// The part of an image at a size, each pixel one of the image's.
inline cv::Mat pick(const cv::Mat& image, const cv::Rect& part, cv::Size size, bool as_pillow) {
    const std::vector<int> rows = nearest_indices(part.y, part.height, size.height, as_pillow);
    const std::vector<int> columns = nearest_indices(part.x, part.width, size.width, as_pillow);
    cv::Mat result(size, image.type());
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

//@end
// Bring a part of an image to a size: uint8.  //@only !tensorflow !bilinear
// Bring a part of an image to a size: uint8, or float32 by TensorFlow's filters.  //@only tensorflow bilinear
inline cv::Mat resize_part(const cv::Mat& image, const cv::Rect& part, cv::Size size,
                           const std::string& interpolation) {
    if (interpolation == "pil-nearest") return pick(image, part, size, true);  //@only picked
    if (interpolation == "tf-nearest") return pick(image, part, size, false);  //@only picked
//@begin resample
    const bool is_deep = image.depth() == CV_16U;  //@only deep
    if (is_resampled(interpolation) && !is_deep) return resample(image, part, size, interpolation);  //@only deep
    if (is_resampled(interpolation)) return resample(image, part, size, interpolation);  //@only !deep
//@end
    const cv::Mat source = image(part);
//@begin deep
    if (image.depth() == CV_16U && interpolation.compare(0, 3, "tf-") == 0) {
        cv::Mat floats;
        source.convertTo(floats, CV_32F);
        return resize_part(floats, cv::Rect({}, floats.size()), size, interpolation);
    }
    if (image.depth() == CV_16U) {
        static const std::map<std::string, int> flags = {
            {"nearest", cv::INTER_NEAREST}, {"linear", cv::INTER_LINEAR},     {"area", cv::INTER_AREA},
            {"cubic", cv::INTER_CUBIC},     {"lanczos4", cv::INTER_LANCZOS4},
        };
        const auto flag = flags.find(interpolation);
        if (flag == flags.end())
            throw Error("There is no interpolation " + interpolation + " of 16 bits. Export the bundle "
                        "again.");
        cv::Mat resized;
        cv::resize(source, resized, size, 0, 0, flag->second);
        return resized;
    }
    if (image.depth() == CV_32F && interpolation == "tf-bilinear")  //@only bilinear
        return resize_bilinear<float>(source, size);  //@only bilinear
//@end
    if (interpolation == "tf-bilinear") return resize_bilinear(source, size);  //@only bilinear
    if (interpolation == "linear") return resize_linear(source, size);  //@only linear
    if (interpolation == "cubic") return resize_cubic(source, size);  //@only cubic
    if (interpolation == "area") return resize_area(source, size);  //@only area
    if (interpolation != "nearest" && interpolation != "lanczos4")
        throw Error("This program has no interpolation " + interpolation + ". Generate it again.");
    cv::Mat result;
    cv::resize(source, result, size, 0, 0,
               interpolation == "nearest" ? cv::INTER_NEAREST : cv::INTER_LANCZOS4);
    return result;
}

// Return an image with bars of one colour around it.
inline cv::Mat bordered(const cv::Mat& image, cv::Point before, cv::Point after, int colour) {
    cv::Mat result;
    cv::copyMakeBorder(image, result, before.y, after.y, before.x, after.x,
                       cv::BORDER_CONSTANT | cv::BORDER_ISOLATED, cv::Scalar::all(colour));
    return result;
}

constexpr int MOST_PADDED = 1 << 28;  // pixels: the padded square of a long strip takes gigabytes

// "640x480".
inline std::string size_text(cv::Size size) {
    return std::to_string(size.width) + "x" + std::to_string(size.height);
}

// Bring an image to the net's size.
inline cv::Mat fit(const cv::Mat& image, const Preprocessing& rules) {
    const cv::Rect whole({}, image.size());
    if (rules.resize == "stretch") return resize_part(image, whole, rules.size, rules.interpolation);
    if (rules.resize == "center-crop")
        return resize_part(image, center_box(image.size(), rules.size), rules.size, rules.interpolation);
    if (rules.resize == "letterbox") {
        const cv::Rect box = letterbox_box(image.size(), rules.size);
        const cv::Mat resized = resize_part(image, whole, box.size(), rules.interpolation);
        return bordered(resized, box.tl(), cv::Point(rules.size) - box.br(), rules.pad);
    }
    if (rules.resize != "pad")
        throw Error("There is no resize rule " + rules.resize + ". Generate the program again.");
    const cv::Point bar = pad_bars(image.size(), rules.size);
    const cv::Size wide = image.size() + cv::Size(2 * bar);
    if (wide.width > MOST_PADDED / wide.height)
        throw Error("An image of " + size_text(image.size()) + " pixels would be padded to " +
                    size_text(wide) + ", which is too much memory. Crop it first.");
    const cv::Mat padded = bordered(image, bar, bar, rules.pad);
    return resize_part(padded, cv::Rect({}, padded.size()), rules.size, rules.interpolation);
}

//@begin deep bands
// Return images, as of `as_picture`, as one blob, each channel by itself and computed in double.
inline cv::Mat prepare_channels(const std::vector<cv::Mat>& images, const Preprocessing& rules, int batch) {
    const int height = rules.transpose ? rules.size.width : rules.size.height;
    const int width = rules.transpose ? rules.size.height : rules.size.width;
    cv::Mat blob(std::vector<int>{batch, rules.channels(), height, width}, CV_32F);
    for (int n = 0; n < batch; ++n) {
        std::vector<cv::Mat> planes;
        cv::split(images[std::min(static_cast<std::size_t>(n), images.size() - 1)], planes);
        if (rules.color == "RGB" || rules.color == "RGBA") std::swap(planes[0], planes[2]);
        for (int c = 0; c < rules.channels(); ++c) {
            const auto channel = static_cast<std::size_t>(c);
            cv::Mat fitted = fit(planes[channel], rules), values;
            if (rules.transpose) fitted = fitted.t();
            fitted.convertTo(values, CV_64F);
            values = (values - rules.mean[channel]) * rules.scale / rules.deviation[channel];
            cv::Mat plane(height, width, CV_32F, blob.ptr<float>(n, c));  // a view
            values.convertTo(plane, CV_32F);
        }
    }
    return blob;
}

//@end
// Return images (BGR, uint8, any sizes) as one blob (batch, C, H, W) float32; the last image fills
// what is missing of the batch.
inline cv::Mat prepare(const std::vector<cv::Mat>& images, const Preprocessing& rules, int batch) {
    const bool is_plain = rules.color == "RGB" || rules.color == "BGR" || rules.color == "GRAY";  //@only deep bands
    if (!is_plain) return prepare_channels(images, rules, batch);  //@only bands !deep
    if (!is_plain || rules.is_deep) return prepare_channels(images, rules, batch);  //@only deep
    std::vector<cv::Mat> fitted;
    for (const cv::Mat& image : images) {
        cv::Mat pixels = image;
        if (rules.color == "GRAY") cv::cvtColor(image, pixels, cv::COLOR_BGR2GRAY);
        fitted.push_back(fit(pixels, rules));
        if (rules.transpose) fitted.back() = fitted.back().t();
    }
    fitted.resize(static_cast<std::size_t>(batch), fitted.back());
    cv::Scalar mean;
    std::copy(rules.mean.begin(), rules.mean.end(), mean.val);
    cv::Mat blob = cv::dnn::blobFromImages(fitted, rules.scale, {}, mean, rules.color == "RGB");
    for (int n = 0; n < blob.size[0]; ++n)
        for (int c = 0; c < blob.size[1]; ++c) {
            cv::Mat plane(blob.size[2], blob.size[3], CV_32F, blob.ptr<float>(n, c));  // a view
            plane /= rules.deviation[static_cast<std::size_t>(c)];
        }
    return blob;
}

//@begin clips
// Return the frames of a clip as `prepare` takes images.
inline Clip as_clip(const Clip& frames, const Preprocessing& rules) {
    const auto span = static_cast<std::size_t>(rules.span());
    if (frames.size() != span)
        throw Error("A clip covers " + std::to_string(span) + " frames, got " +
                    std::to_string(frames.size()) + ". Give as many, one after the other.");
    Clip clip;
    for (const cv::Mat& frame : frames) {
        clip.push_back(as_bgr(frame));  //@only !deep !bands
        clip.push_back(as_picture(frame, rules));  //@only deep bands
        if (frame.size() != frames.front().size())
            throw Error("The frames of a clip must be of one size. Resize or crop them alike.");
    }
    return clip;
}

// Return clips, of as many frames of a video as one covers, as one blob (batch, C, frames, H, W); the last
// one fills what is missing of the batch.
inline cv::Mat prepare_clips(const std::vector<Clip>& clips, const Preprocessing& rules, int batch) {
    cv::Mat whole;
    for (int n = 0; n < batch; ++n) {
        const Clip& clip = clips[std::min(static_cast<std::size_t>(n), clips.size() - 1)];
        std::vector<cv::Mat> frames;
        for (std::size_t i = 0; i < clip.size(); i += static_cast<std::size_t>(rules.stride))
            frames.push_back(clip[i]);
        const cv::Mat blob = prepare(frames, rules, rules.window);
        const std::vector<int> sizes(blob.size.p, blob.size.p + 4);
        if (n == 0) whole.create(std::vector<int>{batch, sizes[1], sizes[0], sizes[2], sizes[3]}, CV_32F);
        for (int t = 0; t < sizes[0]; ++t)
            for (int c = 0; c < sizes[1]; ++c)
                std::copy_n(blob.ptr<float>(t, c), blob.step1(1), whole.ptr<float>() + whole.step1(0) *
                            static_cast<std::size_t>(n) + whole.step1(1) * static_cast<std::size_t>(c) +
                            whole.step1(2) * static_cast<std::size_t>(t));
    }
    return whole;
}

//@end
}  // namespace keras2cv::@namespace@
