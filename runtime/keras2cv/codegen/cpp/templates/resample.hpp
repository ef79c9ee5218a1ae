// From an image to another size as Pillow does it, in its integers: along one axis, rounded to uint8,  //@only pillow
// then along the other. Source: Pillow's src/libImaging/Resample.c.  //@only pillow
// From an image to another size as tf.image.resize does it: along the height, then along the width.  //@only tensorflow
// Source: scale_and_translate_op.cc, resize_bicubic_op.cc, resize_area_op.cc of TensorFlow.  //@only tensorflow
#pragma once

#include <algorithm>
#include <cfloat>  //@only tensorflow
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "keras2cv/@namespace@.hpp"

namespace keras2cv::@namespace@ {

// What a source pixel weighs at a distance from the centre of a target pixel, and where that ends.
struct Filter {
    double (*weigh)(double distance);
    double radius;
};

inline double sinc(double x) { return x == 0.0 ? 1.0 : std::sin(CV_PI * x) / (CV_PI * x); }

inline double triangle(double x) { return std::max(1.0 - std::abs(x), 0.0); }

// Keys' cubic, with a = -0.5; that of cv::INTER_CUBIC is -0.75.
inline double cubic(double x) {
    x = std::abs(x);
    if (x < 1.0) return (1.5 * x - 2.5) * x * x + 1.0;
    return x < 2.0 ? (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5 : 0.0;
}

inline double lanczos3(double x) { return std::abs(x) < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0; }

//@begin tensorflow
inline double lanczos5(double x) { return std::abs(x) < 5.0 ? sinc(x) * sinc(x / 5.0) : 0.0; }

inline double gaussian(double x) { return std::abs(x) < 1.5 ? std::exp(-2.0 * x * x) : 0.0; }

inline double mitchell_cubic(double x) {
    x = std::abs(x);
    if (x < 1.0) return (7.0 / 6.0 * x - 2.0) * x * x + 8.0 / 9.0;
    return x < 2.0 ? ((-7.0 / 18.0 * x + 2.0) * x - 10.0 / 3.0) * x + 16.0 / 9.0 : 0.0;
}

//@end
//@begin pillow
// As in Pillow, closed on the right: a pixel on the border of two counts once.
inline double flat(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

inline double hamming(double x) {
    const double a = 0.54f, b = 0.46f;  // floats, as Pillow writes them
    return std::abs(x) < 1.0 ? sinc(x) * (a + b * std::cos(CV_PI * x)) : 0.0;
}

//@end
inline const Filter& find_filter(const std::string& name) {
    static const std::map<std::string, Filter> filters = {
        {"box", {flat, 0.5}},          {"bilinear", {triangle, 1.0}},  //@only pillow
        {"hamming", {hamming, 1.0}},   {"bicubic", {cubic, 2.0}},  //@only pillow
        {"lanczos", {lanczos3, 3.0}},  //@only pillow
        {"bilinear", {triangle, 1.0}}, {"bicubic", {cubic, 2.0}},  //@only tensorflow
        {"lanczos3", {lanczos3, 3.0}}, {"lanczos5", {lanczos5, 5.0}},  //@only tensorflow
        {"gaussian", {gaussian, 1.5}}, {"mitchellcubic", {mitchell_cubic, 2.0}},  //@only tensorflow
    };
    const auto found = filters.find(name);
    if (found == filters.end())
        throw Error("This program has no interpolation " + name + ". Generate it again.");
    return found->second;
}

//@begin pillow
// The source pixels that a target pixel is made of, along one axis: from `first` on, each with its
// weight, in units of 2^-22 as in Pillow.
struct Taps {
    int first;
    std::vector<int> weights;
};

constexpr int UNIT = 1 << 22;

// precompute_coeffs and normalize_coeffs_8bpc of Resample.c, for `count` pixels made of the `size` from
// `start` on; as there, they are also made of the pixels around those.
inline std::vector<Taps> find_taps(const Filter& filter, int source_size, int start, int size,
                                   int count) {
    std::vector<Taps> result;
    const double scale = static_cast<double>(size) / count, stretch = std::max(scale, 1.0);
    const double reach = filter.radius * stretch;
    for (int i = 0; i < count; ++i) {
        const double centre = start + (i + 0.5) * scale;
        const int first = std::max(static_cast<int>(centre - reach + 0.5), 0);
        const int last = std::min(static_cast<int>(centre + reach + 0.5), source_size);  // exclusive
        std::vector<double> weights;
        double total = 0.0;
        for (int source = first; source < last; ++source) {
            weights.push_back(filter.weigh((source - centre + 0.5) * (1.0 / stretch)));
            total += weights.back();
        }
        Taps taps = {first, {}};
        for (const double weight : weights) {
            const double normal = total != 0.0 ? weight / total : weight;
            taps.weights.push_back(static_cast<int>(normal * UNIT + (normal < 0.0 ? -0.5 : 0.5)));
        }
        result.push_back(taps);
    }
    return result;
}

// Each row of the result (uint8) is a weighted sum of rows of the image (uint8), rounded.
inline cv::Mat filter_height(const cv::Mat& image, const std::vector<Taps>& taps) {
    cv::Mat result(static_cast<int>(taps.size()), image.cols, image.type());
    std::vector<int> sums(static_cast<std::size_t>(image.cols) * image.elemSize());
    for (int y = 0; y < result.rows; ++y) {
        const Taps& tap = taps[static_cast<std::size_t>(y)];
        int row = tap.first;
        std::fill(sums.begin(), sums.end(), UNIT / 2);
        for (const int weight : tap.weights) {
            const uchar* pixels = image.ptr(row++);
            for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += weight * pixels[i];
        }
        uchar* target = result.ptr(y);
        for (std::size_t i = 0; i < sums.size(); ++i) target[i] = cv::saturate_cast<uchar>(sums[i] / UNIT);
    }
    return result;
}

inline cv::Mat filter_width(const cv::Mat& image, const std::vector<Taps>& taps) {
    return filter_height(image.t(), taps).t();
}

inline bool is_resampled(const std::string& interpolation) {
    return interpolation.compare(0, 3, "pil") == 0 && interpolation != "pil-nearest";
}

// Bring a part of an image (uint8) to a size (uint8): Image.resize(size, ..., box=part).
inline cv::Mat resample(const cv::Mat& image, const cv::Rect& part, cv::Size size,
                        const std::string& interpolation) {
    if (size == image.size() && size == part.size()) return image;
    const std::size_t hyphen = interpolation.find('-');
    const Filter& filter = find_filter(interpolation.substr(hyphen + 1));
    const std::vector<Taps> down = find_taps(filter, image.rows, part.y, part.height, size.height);
    const std::vector<Taps> across = find_taps(filter, image.cols, part.x, part.width, size.width);
    // Since Pillow 13 the height comes first where it shrinks by far more than the width.
    const int lost_width = image.cols - size.width, lost_height = image.rows - size.height;
    if (interpolation.substr(0, hyphen) == "pil13" && lost_height > 0 && lost_height > 2 * lost_width)
        return filter_width(filter_height(image, down), across);
    return filter_height(filter_width(image, across), down);
}
//@end
//@begin tensorflow
// The source pixels that a target pixel is made of, along one axis: from `first` on, each with its
// weight. TensorFlow finds them in float32, on whose rounding they depend.
struct Taps {
    int first;
    std::vector<float> weights;
};

inline int clamp(float position, int size) {
    return std::min(std::max(static_cast<int>(position), 0), size - 1);
}

// The weights add up to one; those of nothing stay nothing, as in TensorFlow.
inline Taps normalise(int first, const std::vector<double>& weights) {
    double total = 0.0;
    for (const double weight : weights) total += weight;
    const bool is_something = std::abs(total) >= 1000.0 * static_cast<double>(FLT_MIN);
    Taps taps = {first, {}};
    for (const double weight : weights)
        taps.weights.push_back(is_something ? static_cast<float>(weight / total) : 0.0f);
    return taps;
}

// ComputeSpansCore of scale_and_translate_op.cc.
inline Taps filter_taps(const Filter& filter, bool antialias, int source_size, int count, int i) {
    const auto zoom = static_cast<float>(static_cast<double>(count) / source_size);
    const auto scale = static_cast<float>(1.0 / static_cast<double>(zoom));
    const float stretch = antialias ? std::max(scale, 1.0f) : 1.0f;
    const float reach = static_cast<float>(filter.radius) * stretch;
    const float centre = (static_cast<float>(i) + 0.5f) * scale;
    const int first = clamp(std::ceil(centre - reach - 0.5f), source_size);
    const int last = clamp(std::floor(centre + reach - 0.5f), source_size);
    std::vector<double> weights;
    for (int source = first; source <= last; ++source) {
        const float distance = (static_cast<float>(source) + 0.5f - centre) * (1.0f / stretch);
        weights.push_back(filter.weigh(static_cast<double>(distance)));
    }
    return normalise(first, weights);
}

// GetWeightsAndIndices of resize_bicubic_op.cc, which looks weights up in a table of 1024 positions.
inline Taps bicubic_taps(int source_size, int count, int i) {
    const auto scale = static_cast<float>(static_cast<double>(source_size) / count);
    const float position = (static_cast<float>(i) + 0.5f) * scale - 0.5f, whole = std::floor(position);
    const double fraction = static_cast<double>(std::rint((position - whole) * 1024.0f)) / 1024.0;
    const int first = clamp(whole - 1.0f, source_size), last = clamp(whole + 2.0f, source_size);
    std::vector<double> weights;
    for (int source = first; source <= last; ++source)
        weights.push_back(cubic(source - static_cast<double>(whole) - fraction));
    return normalise(first, weights);
}

// ResizeAreaOp: a source pixel weighs as much as the target pixel covers of it.
inline Taps area_taps(int source_size, int count, int i) {
    const auto scale = static_cast<float>(static_cast<double>(source_size) / count);
    const float start = static_cast<float>(i) * scale, stop = static_cast<float>(i + 1) * scale;
    Taps taps = {clamp(start, source_size), {}};
    for (int pixel = cvFloor(start); pixel < cvCeil(stop); ++pixel) {
        const auto left = static_cast<float>(pixel), right = left + 1.0f;
        const float overlap = std::min(right, stop) - std::max(left, start);
        const float covered = left < start && right > stop ? scale : std::max(overlap, 0.0f);
        const int source = clamp(left, source_size);  // rounding may lead beyond the last pixel
        taps.weights.resize(static_cast<std::size_t>(source - taps.first) + 1);
        taps.weights.back() += covered / scale;
    }
    return taps;
}

inline std::vector<Taps> find_taps(const std::string& interpolation, int source_size, int count) {
    std::vector<Taps> result;
    const std::size_t end = interpolation.find("-antialias");
    const std::string name = interpolation.substr(3, end == std::string::npos ? end : end - 3);
    const bool antialias = end != std::string::npos;
    for (int i = 0; i < count; ++i) {
        if (interpolation == "tf-area")
            result.push_back(area_taps(source_size, count, i));
        else if (interpolation == "tf-bicubic")
            result.push_back(bicubic_taps(source_size, count, i));
        else
            result.push_back(filter_taps(find_filter(name), antialias, source_size, count, i));
    }
    return result;
}

// Each row of the result (float32) is a weighted sum of rows of the image (Pixel).
template <typename Pixel>
cv::Mat filter_height(const cv::Mat& image, const std::vector<Taps>& taps) {
    const auto rows = static_cast<int>(taps.size());
    cv::Mat result(rows, image.cols, CV_32FC(image.channels()), cv::Scalar::all(0));
    for (int y = 0; y < rows; ++y) {
        const Taps& tap = taps[static_cast<std::size_t>(y)];
        auto* sums = result.ptr<float>(y);
        int row = tap.first;
        for (const float weight : tap.weights) {
            const auto* pixels = image.ptr<Pixel>(row++);
            for (int i = 0; i < image.cols * image.channels(); ++i)
                sums[i] += weight * static_cast<float>(pixels[i]);
        }
    }
    return result;
}

inline bool is_resampled(const std::string& interpolation) {
    return interpolation.compare(0, 3, "tf-") == 0 && interpolation != "tf-bilinear" &&
           interpolation != "tf-nearest";
}

// Bring a part of an image (uint8) to a size (float32): tf.image.resize(part, size, ...).
inline cv::Mat resample(const cv::Mat& image, const cv::Rect& part, cv::Size size,
                        const std::string& interpolation) {
    const std::vector<Taps> down = find_taps(interpolation, part.height, size.height);
    const std::vector<Taps> across = find_taps(interpolation, part.width, size.width);
    const cv::Mat source = image(part);
    const bool is_float = source.depth() == CV_32F;  // of 16 bits  //@only deep
    const cv::Mat high = is_float ? filter_height<float>(source, down) : filter_height<uchar>(source, down);  //@only deep
    const cv::Mat high = filter_height<uchar>(source, down);  //@only !deep
    return filter_height<float>(high.t(), across).t();
}
//@end

}  // namespace keras2cv::@namespace@
