// The net: blobs in, each output of each sample out, under Keras' names and in Keras' layout.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

#include "engines.hpp"
#include "files.hpp"
#include "json.hpp"
#include "manifest.hpp"
#include "sha256.hpp"
#include "tail.hpp"  //@only tail

namespace keras2cv::@namespace@ {

//@begin !nested
// One output for one sample: `shape` is Keras', without the batch; values are in C order.
struct Tensor {
    std::string name, dtype;
    std::vector<int> shape;
    std::vector<float> values;
};

//@end
using Sample = std::vector<Tensor>;  // every output for one sample, in Keras' order

inline const Tensor& find_output(const Sample& sample, const std::string& name) {
    for (const Tensor& tensor : sample)
        if (tensor.name == name) return tensor;
    throw bad_manifest("the task reads " + name + ", which is not an output");
}

//@begin nested
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

//@end
using Device = std::pair<cv::dnn::Backend, cv::dnn::Target>;

// Return the device, or throw an Error if this OpenCV, or this machine, does not have it.
inline Device find_device(const std::string& name) {
    static const std::map<std::string, Device> devices = {
        {"cpu", {cv::dnn::DNN_BACKEND_OPENCV, cv::dnn::DNN_TARGET_CPU}},
        {"opencl", {cv::dnn::DNN_BACKEND_OPENCV, cv::dnn::DNN_TARGET_OPENCL}},
        {"cuda", {cv::dnn::DNN_BACKEND_CUDA, cv::dnn::DNN_TARGET_CUDA}},
        {"cuda-fp16", {cv::dnn::DNN_BACKEND_CUDA, cv::dnn::DNN_TARGET_CUDA_FP16}},
    };
    const auto device = devices.find(name);
    if (device == devices.end())
        throw Error("There is no device " + name + ". Choose cpu, opencl, cuda or cuda-fp16.");
    const auto offered = cv::dnn::getAvailableTargets(device->second.first);
    if (std::find(offered.begin(), offered.end(), device->second.second) == offered.end())
        throw Error("Device " + name + " is not there: OpenCV " CV_VERSION " is built without it, or "
                    "finds no such device. Choose cpu.");
    return device->second;
}

// The net's file, with the bytes that were verified.
struct Source {
    std::string path;
    bool is_onnx;
    std::vector<uchar> bytes;
};

inline Source read_source(const Manifest& manifest) {
    const std::string path = manifest.folder + "/" + manifest.file;
    if (!is_file(path)) throw Error(path + " is missing. Copy the bundle again, or export it again.");
    Source source{path, manifest.file == "model.onnx", read_bytes(path)};
    const std::string found = Sha256::digits_of(source.bytes);
    if (found != manifest.sha256)
        throw Error(path + " is not the file that was verified: sha256 " + found.substr(0, 12) + "..., its "
                    "manifest says " + manifest.sha256.substr(0, 12) + ".... Copy the bundle again, or "
                    "export it again.");
    return source;
}

// Load the net. OpenCV 5's modern engine runs on the CPU alone. A bundle that was verified with both
// goes to that one, and to the classic one if that refuses it.
inline cv::dnn::Net load(const Manifest& manifest, const std::string& device) {
    if (manifest.engine == "new" && device != "cpu")
        throw Error("The bundle was verified with OpenCV 5's new engine only, which runs on the CPU. "
                    "Choose cpu.");
    const Source source = read_source(manifest);
    std::string problem;
    cv::dnn::Net net;
    if (manifest.engine != "classic" && device == "cpu") net = load_net(source, Engine::modern, problem);
    if (net.empty() && manifest.engine != "new") net = load_net(source, Engine::classic, problem);
    if (!net.empty()) return net;
    if (problem.empty())
        throw Error("The bundle needs OpenCV's " + std::string(manifest.engine == "new" ? "new" : "classic") +
                    " engine on the " + device + ", which OpenCV " CV_VERSION " does not have. Build with "
                    "another OpenCV, or export the bundle for this one, with --opencv.");
    throw Error("OpenCV " CV_VERSION " does not load " + manifest.file + ":" + problem + " Export the bundle "
                "for this OpenCV, with --opencv.");
}

class Model {
public:
    Model(const Manifest& manifest, const std::string& device) : manifest_(manifest) {
        const Device found = find_device(device);
        net_ = load(manifest, device);
        if (holder_of(net_, 0) == Engine::modern) {
            names_ = net_.getUnconnectedOutLayersNames();  // it gives all or nothing
            return;
        }
        for (const TensorSpec& output : manifest.outputs) names_.push_back(output.net_name);  //@only !tail
        names_ = net_outputs(manifest);  //@only tail
        net_.setPreferableBackend(found.first);
        net_.setPreferableTarget(found.second);
        if (!manifest.fusion) net_.enableFusion(false);
#if CV_VERSION_MAJOR > 4 || (CV_VERSION_MAJOR == 4 && CV_VERSION_MINOR >= 7)
        if (!manifest.winograd) net_.enableWinograd(false);
#endif
    }

    // Run a batch, a blob for each input; return the first `count` samples.
    std::vector<Sample> run(const std::vector<cv::Mat>& blobs, std::size_t count) {
        for (std::size_t i = 0; i < blobs.size(); ++i)
            net_.setInput(blobs[i], manifest_.inputs[i].net_name);
        std::vector<cv::Mat> arrays;
        net_.forward(arrays, names_);
        std::map<std::string, cv::Mat> found;
        for (std::size_t i = 0; i < names_.size(); ++i)
            arrays[i].convertTo(found[names_[i]], CV_32F);  // one after the other as well
        add_tail(found);  //@only tail
        std::vector<Sample> samples(count);
        for (const TensorSpec& spec : manifest_.outputs) {
            const cv::Mat& array = find_array(found, spec);
            for (std::size_t i = 0; i < count; ++i) samples[i].push_back(cut(array, spec, i));
        }
        return samples;
    }

private:
//@begin tail
    // What the net itself gives: its own of the outputs, and the heads that the tail reads.
    static std::vector<std::string> net_outputs(const Manifest& manifest) {
        std::vector<std::string> names;
        const std::set<std::string> made = names_made(manifest.steps);
        for (const TensorSpec& output : manifest.outputs)
            if (made.count(output.net_name) == 0) names.push_back(output.net_name);
        for (const TensorSpec& head : manifest.heads) names.push_back(head.net_name);
        return names;
    }

    // Do the tail's steps, and add what they make to `found`.
    void add_tail(std::map<std::string, cv::Mat>& found) const {
        Arrays arrays;
        for (const TensorSpec& head : manifest_.heads) {
            Array whole{head.dtype, head.keras_shape, {}};
            const cv::Mat& array = find_array(found, head);
            for (int i = 0; i < (head.batched ? manifest_.batch : 1); ++i)
                for (const float value : cut(array, head, static_cast<std::size_t>(i)).values)
                    whole.values.push_back(value);
            arrays[head.name] = whole;
        }
        finish(arrays, manifest_.steps);
        for (const TensorSpec& output : manifest_.outputs) {
            const auto made = arrays.find(output.net_name);
            if (made == arrays.end() || found.count(output.net_name) != 0) continue;
            if (made->second.shape != output.net_shape)
                throw bad_manifest("tail: " + output.name + " comes out in another shape");
            const std::vector<float> values(made->second.values.begin(), made->second.values.end());
            found[output.net_name] = cv::Mat(values, true);
        }
    }

//@end
    static const cv::Mat& find_array(const std::map<std::string, cv::Mat>& arrays,
                                     const TensorSpec& spec) {
        const auto found = arrays.find(spec.net_name);
        if (found == arrays.end())
            throw Error("The net has no output " + spec.net_name + ". Export the bundle again.");
        if (found->second.total() != product(spec.net_shape))
            throw Error("OpenCV " CV_VERSION " gives output " + spec.name + " another shape than the "
                        "manifest says. Export the bundle for this OpenCV, with --opencv.");
        return found->second;
    }

    // Return sample `index` of an output, in Keras' layout.
    static Tensor cut(const cv::Mat& array, const TensorSpec& spec, std::size_t index) {
        const auto shape = spec.keras_shape.begin() + (spec.batched ? 1 : 0);  // of the sample itself
        Tensor tensor{spec.name, spec.dtype, {shape, spec.keras_shape.end()}, {}};
        const std::size_t size = product(tensor.shape);
        const float* values = array.ptr<float>() + (spec.batched ? index * size : 0);
        tensor.values.assign(values, values + size);
        if (spec.layout != "same") {  // (C, ...) -> (..., C)
            const int channels = tensor.shape.back(), pixels = static_cast<int>(size) / channels;
            const cv::Mat moved = cv::Mat(channels, pixels, CV_32F, tensor.values.data()).t();
            tensor.values.assign(moved.begin<float>(), moved.end<float>());
        }
        for (float& value : tensor.values) {
            if (spec.dtype == "bool") value = value != 0.0f ? 1.0f : 0.0f;
            if (spec.dtype.find("int") != std::string::npos) value = std::nearbyint(value) + 0.0f;  // no -0
        }
        return tensor;
    }

    const Manifest& manifest_;
    cv::dnn::Net net_;
    std::vector<std::string> names_;  // of the net's outputs that are asked for
};

}  // namespace keras2cv::@namespace@
