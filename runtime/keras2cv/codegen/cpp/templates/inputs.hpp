// From the samples that a caller gives to the net's inputs.
#pragma once

#include <algorithm>
#include <string>
#include <variant>  //@only clips
#include <vector>

#include <opencv2/core.hpp>

#include "json.hpp"
#include "manifest.hpp"

namespace keras2cv::@namespace@ {

//@begin !clips
// Return what each of `count` samples gives for an input.
inline std::vector<cv::Mat> values_of(const TensorSpec& input, const Manifest& manifest,
                                      const Inputs* samples, std::size_t count) {
    std::vector<cv::Mat> values;
//@end
//@begin clips
// Return what each of `count` samples gives for an input: a cv::Mat, or a Clip.
template <typename Value>
std::vector<Value> values_of(const TensorSpec& input, const Manifest& manifest, const Inputs* samples,
                             std::size_t count) {
    std::vector<Value> values;
//@end
    for (const Inputs* sample = samples; sample != samples + count; ++sample) {
        const auto found = sample->find(input.name);
        if (found == sample->end()) throw Error("The sample lacks input " + input.name + ". Add it.");
        if (sample->size() != manifest.inputs.size())
            throw Error("The sample has an input that the model does not have. Leave it out.");
        values.push_back(found->second);  //@only !clips
//@begin clips
        const auto* value = std::get_if<Value>(&found->second);
        if (value == nullptr)
            throw Error("Input " + input.name +
                        (std::is_same_v<Value, Clip> ? " takes the frames of a clip, got one array."
                                                     : " takes one array, got the frames of a clip."));
        values.push_back(*value);
//@end
    }
    return values;
}

// "(2, 3)"; sizes of 1 say nothing, and are left out.
inline std::string shape_text(std::vector<int> sizes) {
    sizes.erase(std::remove(sizes.begin(), sizes.end(), 1), sizes.end());
    std::vector<std::string> parts;
    for (const int size : sizes) parts.push_back(std::to_string(size));
    return "(" + join(parts) + ")";
}

// Return an input of some samples as a blob, float32 and channels before the other axes; the last
// sample fills what is missing of the batch.
inline cv::Mat as_blob(const std::vector<cv::Mat>& arrays, const TensorSpec& input) {
    const std::vector<int> shape(input.keras_shape.begin() + 1, input.keras_shape.end());
    const std::size_t channels = input.layout == "same" ? 1 : static_cast<std::size_t>(shape.back());
    const std::size_t size = product(shape);
    cv::Mat blob(input.net_shape, CV_32F);
    auto* target = blob.ptr<float>();
    for (int n = 0; n < input.keras_shape[0]; ++n) {
        const cv::Mat& array = arrays[std::min(static_cast<std::size_t>(n), arrays.size() - 1)];
        std::vector<int> sizes(array.size.p, array.size.p + array.dims);
        sizes.push_back(array.channels());
        if (shape_text(sizes) != shape_text(shape))
            throw Error("Input " + input.name + " takes one sample of shape " + shape_text(shape) + ", got " +
                        shape_text(sizes) + ". Sizes of 1 are left out here.");
        cv::Mat floats;
        array.convertTo(floats, CV_32F);
        const auto* values = floats.ptr<float>();
        for (std::size_t c = 0; c < channels; ++c)
            for (std::size_t i = c; i < size; i += channels) *target++ = values[i];
    }
    return blob;
}

}  // namespace keras2cv::@namespace@
