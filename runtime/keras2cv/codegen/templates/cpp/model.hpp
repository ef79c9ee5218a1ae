// The net: images in, each output of each image out, under Keras' names and in Keras' layout.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

#include "json.hpp"
#include "manifest.hpp"
#include "prepare.hpp"

// One output for one image: `shape` is Keras', without the batch; values are in C order.
struct Tensor {
    std::string name, dtype;
    std::vector<int> shape;
    std::vector<float> values;
};

using Sample = std::vector<Tensor>;  // every output for one image, in Keras' order

inline const Tensor& find_output(const Sample& sample, const std::string& name) {
    for (const Tensor& tensor : sample)
        if (tensor.name == name) return tensor;
    throw Error("manifest.json: task.output " + name + " is not an output. Export the bundle again.");
}

// The values as nested lists, from `first` on and from dimension `axis` on.
inline std::string json_tensor(const Tensor& tensor, std::size_t axis = 0, std::size_t first = 0) {
    if (axis == tensor.shape.size()) {
        const float value = tensor.values[first];
        if (tensor.dtype == "bool") return value != 0.0f ? "true" : "false";
        return json_number(value);
    }
    std::vector<std::string> parts;
    const std::size_t step = product(tensor.shape, axis + 1);
    for (std::size_t i = 0; i < static_cast<std::size_t>(tensor.shape[axis]); ++i)
        parts.push_back(json_tensor(tensor, axis + 1, first + i * step));
    return json_list(parts);
}

class Model {
public:
    explicit Model(const Manifest& manifest) : manifest_(manifest), net_(load(manifest)) {
        const bool classic = !is_new_engine();
        if (classic && !manifest.fusion) net_.enableFusion(false);
#if CV_VERSION_MAJOR > 4 || (CV_VERSION_MAJOR == 4 && CV_VERSION_MINOR >= 7)
        if (classic && !manifest.winograd) net_.enableWinograd(false);
#endif
        for (const TensorSpec& output : manifest.outputs) names_.push_back(output.net_name);
        if (!classic) names_ = net_.getUnconnectedOutLayersNames();  // it gives all or nothing
    }

    // Run 1 to `manifest.batch` images at once.
    std::vector<Sample> run(std::vector<cv::Mat> images) {
        const std::size_t count = images.size();
        images.resize(static_cast<std::size_t>(manifest_.batch), images.back());  // fill it up
        net_.setInput(prepare(images, manifest_.preprocessing), manifest_.input.net_name);
        std::vector<cv::Mat> blobs;
        net_.forward(blobs, names_);
        std::vector<Sample> samples(count);
        for (const TensorSpec& spec : manifest_.outputs) {
            const cv::Mat blob = find_blob(blobs, spec);
            for (std::size_t i = 0; i < count; ++i) samples[i].push_back(cut(blob, spec, i));
        }
        return samples;
    }

private:
    static cv::dnn::Net load(const Manifest& manifest) {
#if CV_VERSION_MAJOR >= 5
        const int engine = manifest.engine == "new"       ? cv::dnn::ENGINE_NEW
                           : manifest.engine == "classic" ? cv::dnn::ENGINE_CLASSIC
                                                          : cv::dnn::ENGINE_AUTO;
        return cv::dnn::readNet(manifest.model_path, "", "", engine);
#else
        if (manifest.engine == "new")
            throw Error("The bundle was verified with OpenCV 5's new engine only, this is OpenCV "
                        CV_VERSION ". Build with OpenCV 5, or export it with --opencv " CV_VERSION ".");
        return cv::dnn::readNet(manifest.model_path);
#endif
    }

    bool is_new_engine() const {
#if CV_VERSION_MAJOR >= 5
        return net_.getModelFormat() != cv::dnn::DNN_MODEL_GENERIC;  // the classic one never says
#else
        return false;
#endif
    }

    cv::Mat find_blob(const std::vector<cv::Mat>& blobs, const TensorSpec& spec) const {
        const auto found = std::find(names_.begin(), names_.end(), spec.net_name);
        if (found == names_.end())
            throw Error("The net has no output " + spec.net_name + ". Export the bundle again.");
        cv::Mat blob = blobs[static_cast<std::size_t>(found - names_.begin())];
        if (blob.total() != product(spec.net_shape))
            throw Error("OpenCV " CV_VERSION " gives output " + spec.name + " another shape than the "
                        "manifest says. Export the bundle for this OpenCV, with --opencv.");
        if (blob.depth() != CV_32F) blob.convertTo(blob, CV_32F);
        return blob.isContinuous() ? blob : blob.clone();
    }

    // Return sample `index` of an output, in Keras' layout.
    static Tensor cut(const cv::Mat& blob, const TensorSpec& spec, std::size_t index) {
        const std::size_t first = spec.batched ? 1 : 0;  // dimension of the sample itself
        const std::size_t size = product(spec.keras_shape, first);
        const float* values = blob.ptr<float>() + (spec.batched ? index * size : 0);
        Tensor tensor{spec.name, spec.dtype, {}, {values, values + size}};
        tensor.shape.assign(spec.keras_shape.begin() + static_cast<std::ptrdiff_t>(first),
                            spec.keras_shape.end());
        if (spec.layout != "same") tensor.values = channels_last(tensor.values, tensor.shape.back());
        if (spec.dtype == "bool" || spec.dtype.find("int") != std::string::npos)
            for (float& value : tensor.values)
                value = spec.dtype == "bool" ? value != 0.0f : std::nearbyint(value);
        return tensor;
    }

    // (C, ...) -> (..., C)
    static std::vector<float> channels_last(const std::vector<float>& values, int channels) {
        const cv::Mat planes(channels, static_cast<int>(values.size()) / channels, CV_32F,
                             const_cast<float*>(values.data()));
        const cv::Mat pixels = planes.t();
        return {pixels.begin<float>(), pixels.end<float>()};
    }

    Manifest manifest_;
    cv::dnn::Net net_;
    std::vector<std::string> names_;  // of the net's outputs that are asked for
};
