// From an image to another size as cv::resize does it on x86-64: the same pixels from every OpenCV.  //@only !bilinear
// From an image to another size as tf.image.resize does it by "bilinear".  //@only bilinear
// Products and sums are rounded each by itself: CMakeLists.txt says so.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>  //@only area
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace keras2cv::@namespace@ {

//@begin linear bilinear
// The two source pixels of a target pixel along one axis, and the weight of the second, 0 to 1.
struct Pair {
    int first, second;
    float share;
};

//@end
//@begin linear
// cv::resize's for uint8: the position is rounded to float32. Across the width one pixel alone counts
// at an edge.
inline std::vector<Pair> linear_pairs(int size, int count, bool is_width) {
    std::vector<Pair> pairs;
    const double scale = 1.0 / (static_cast<double>(count) / size);
    for (int i = 0; i < count; ++i) {
        const auto at = static_cast<float>((i + 0.5) * scale - 0.5);
        const int first = cvFloor(at);
        const bool alone = is_width && (first < 0 || first >= size - 1);
        pairs.push_back({std::min(std::max(first, 0), size - 1), std::min(std::max(first + 1, 0), size - 1),
                         alone ? 0.0f : at - static_cast<float>(first)});
    }
    return pairs;
}

// cv::INTER_LINEAR of uint8 as OpenCV computes it on x86-64, bit for bit: weights of 11 bits, sums cut
// off to 7 bits along the width and to 2 along the height, and rounded. Elsewhere OpenCV may hand it
// to a library that rounds in another way.
inline cv::Mat resize_linear(const cv::Mat& image, cv::Size size) {
    cv::Mat result(size, image.type());
    const int channels = image.channels();
    const bool halves = image.cols == 2 * size.width && image.rows == 2 * size.height;
    const std::vector<Pair> across = linear_pairs(image.cols, size.width, true);
    uchar* target = result.ptr();
    for (const Pair& row : linear_pairs(image.rows, size.height, false)) {
        const uchar *upper = image.ptr(row.first), *lower = image.ptr(row.second);
        const int up = cvRound((1.0f - row.share) * 2048.0f), down = cvRound(row.share * 2048.0f);
        for (const Pair& column : across) {
            const int a = cvRound((1.0f - column.share) * 2048.0f), b = cvRound(column.share * 2048.0f);
            for (int c = 0; c < channels; ++c) {
                const int left = column.first * channels + c, right = column.second * channels + c;
                const int above = ((upper[left] * a + upper[right] * b) >> 4) * up;
                const int below = ((lower[left] * a + lower[right] * b) >> 4) * down;
                const int four = upper[left] + upper[right] + lower[left] + lower[right];
                *target++ = static_cast<uchar>(((halves ? four : (above >> 16) + (below >> 16)) + 2) >> 2);
            }
        }
    }
    return result;
}

//@end
//@begin cubic area
// The source pixels of a target pixel along one axis, each with its weight.
template <typename Number>
struct Weighted {
    std::vector<int> pixels;
    std::vector<Number> weights;
};

//@end
//@begin cubic
// cv::INTER_CUBIC's, from positions that are not rounded.
inline std::vector<Weighted<double>> cubic_weights(int size, int count) {
    const double a = -0.75, scale = 1.0 / (static_cast<double>(count) / size);
    std::vector<Weighted<double>> result;
    for (int i = 0; i < count; ++i) {
        const double at = (i + 0.5) * scale - 0.5, low = std::floor(at), x = at - low;
        const double before = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
        const double first = ((a + 2) * x - (a + 3)) * x * x + 1;
        const double second = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1;
        Weighted<double> found = {{}, {before, first, second, 1 - before - first - second}};
        for (int k = -1; k < 3; ++k)
            found.pixels.push_back(std::min(std::max(static_cast<int>(low) + k, 0), size - 1));
        result.push_back(found);
    }
    return result;
}

//@end
//@begin area
// cv::INTER_AREA's: computeResizeAreaTab of OpenCV's resize.cpp.
inline std::vector<Weighted<float>> area_weights(int size, int count) {
    const double scale = 1.0 / (static_cast<double>(count) / size);
    std::vector<Weighted<float>> result;
    for (int i = 0; i < count; ++i) {
        const double start = i * scale, stop = start + scale, cell = std::min(scale, size - start);
        const int last = std::min(cvFloor(stop), size - 1), first = std::min(cvCeil(start), last);
        Weighted<float> found;
        const auto add = [&found](int pixel, double weight) {
            found.pixels.push_back(pixel);
            found.weights.push_back(static_cast<float>(weight));
        };
        if (first - start > 1e-3) add(first - 1, (first - start) / cell);
        for (int pixel = first; pixel < last; ++pixel) add(pixel, 1.0 / cell);
        if (stop - last > 1e-3) add(last, std::min({stop - last, 1.0, cell}) / cell);
        result.push_back(found);
    }
    return result;
}

//@end
//@begin cubic area
// The sums of one row of the image along the width.
template <typename Number>
std::vector<Number> weigh_row(const uchar* pixels, const std::vector<Weighted<Number>>& across,
                              std::size_t channels) {
    std::vector<Number> sums(across.size() * channels);
    Number* sum = sums.data();
    for (const Weighted<Number>& column : across) {
        for (std::size_t k = 0; k < column.pixels.size(); ++k) {
            const uchar* pixel = pixels + static_cast<std::size_t>(column.pixels[k]) * channels;
            for (std::size_t c = 0; c < channels; ++c)
                sum[c] += static_cast<Number>(pixel[c]) * column.weights[k];
        }
        sum += channels;
    }
    return sums;
}

// Sums of products, first along the width, in the order of the weights; rounded to uint8.
template <typename Number>
cv::Mat weigh(const cv::Mat& image, const std::vector<Weighted<Number>>& down,
              const std::vector<Weighted<Number>>& across) {
    const auto channels = static_cast<std::size_t>(image.channels());
    cv::Mat result(static_cast<int>(down.size()), static_cast<int>(across.size()), image.type());
    std::vector<std::vector<Number>> lines(static_cast<std::size_t>(image.rows));  // made when needed
    int unused = 0;  // the first row that is still needed
    std::vector<Number> sums;
    for (int y = 0; y < result.rows; ++y) {
        const Weighted<Number>& row = down[static_cast<std::size_t>(y)];
        sums.assign(across.size() * channels, Number(0));
        for (std::size_t k = 0; k < row.pixels.size(); ++k) {
            std::vector<Number>& line = lines[static_cast<std::size_t>(row.pixels[k])];
            if (line.empty()) line = weigh_row(image.ptr(row.pixels[k]), across, channels);
            for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += line[i] * row.weights[k];
        }
        for (; unused < row.pixels.front(); ++unused) lines[static_cast<std::size_t>(unused)] = {};
        uchar* target = result.ptr(y);
        for (const Number sum : sums) *target++ = cv::saturate_cast<uchar>(sum);
    }
    return result;
}

//@end
//@begin cubic
// cv::INTER_CUBIC of uint8, computed in double: OpenCV's builds round it differently.
inline cv::Mat resize_cubic(const cv::Mat& image, cv::Size size) {
    return weigh(image, cubic_weights(image.rows, size.height), cubic_weights(image.cols, size.width));
}

//@end
//@begin area
// cv::INTER_AREA of uint8 to fewer pixels, in the order of x86-64's sums.
inline cv::Mat sum_areas(const cv::Mat& image, cv::Size size) {
    return weigh(image, area_weights(image.rows, size.height), area_weights(image.cols, size.width));
}

// Whether cv::INTER_AREA sums parts of pixels: means of whole ones are the same in every build.
inline bool is_sum_of_parts(cv::Size source, cv::Size target) {
    const bool shrinks = source.width >= target.width && source.height >= target.height;
    return shrinks && (source.width % target.width != 0 || source.height % target.height != 0);
}

// Whether this OpenCV's own INTER_AREA rounds so. Tried once, on sums of which many end in a half.
inline bool is_area_exact(int channels) {
    static const auto tried = [](int count) {
        const std::vector<std::pair<cv::Size, cv::Size>> sizes = {
            {{40, 100}, {20, 40}}, {{76, 68}, {38, 45}}, {{44, 44}, {35, 22}}};
        cv::RNG random(1);
        for (const auto& [source, target] : sizes) {
            cv::Mat image(source, CV_8UC(count)), resized;
            random.fill(image, cv::RNG::UNIFORM, 0, 256);
            cv::resize(image, resized, target, 0, 0, cv::INTER_AREA);
            if (cv::norm(resized, sum_areas(image, target), cv::NORM_INF) > 0) return false;
        }
        return true;
    };
    static const bool gray = tried(1), colour = tried(3);
    return channels == 1 ? gray : colour;
}

// cv::INTER_AREA of uint8, by OpenCV itself where that is exact: it is faster.
inline cv::Mat resize_area(const cv::Mat& image, cv::Size size) {
    if (is_sum_of_parts(image.size(), size) && !is_area_exact(image.channels()))
        return sum_areas(image, size);
    cv::Mat result;
    cv::resize(image, result, size, 0, 0, cv::INTER_AREA);
    return result;
}

//@end
//@begin bilinear
// tf.image.resize by "bilinear", which does not round to whole pixels: its positions are float32.
template <typename Pixel = uchar>
cv::Mat resize_bilinear(const cv::Mat& image, cv::Size size) {
    const int channels = image.channels();
    const auto find = [](int source, int count) {
        std::vector<Pair> pairs;
        const auto scale = static_cast<float>(static_cast<double>(source) / count);
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
        const auto *upper = image.ptr<Pixel>(row.first), *lower = image.ptr<Pixel>(row.second);
        auto* target = result.ptr<float>(y);
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

//@end
}  // namespace keras2cv::@namespace@
