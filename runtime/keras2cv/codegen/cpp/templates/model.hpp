// The net: blobs in, each output of each sample out, under Keras' names and in Keras' layout.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

#include "engines.hpp"
#include "json.hpp"
#include "manifest.hpp"
#include "tail.hpp"  //@only tail

// One output for one sample: `shape` is Keras', without the batch; values are in C order.
struct Tensor {
    std::string name, dtype;
    std::vector<int> shape;
    std::vector<float> values;
};

using Sample = std::vector<Tensor>;  // every output for one sample, in Keras' order

inline const Tensor& find_output(const Sample& sample, const std::string& name) {
    for (const Tensor& tensor : sample)
        if (tensor.name == name) return tensor;
    throw Error("manifest.json: the task reads " + name + ", which is not an output. Export the "
                "bundle again.");
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
struct Device {
    const char* name;
    int backend, target;
};

// Return the device, or throw an Error if this OpenCV, or this machine, does not have it.
inline Device find_device(const std::string& name) {
    static const Device devices[] = {
        {"cpu", cv::dnn::DNN_BACKEND_OPENCV, cv::dnn::DNN_TARGET_CPU},
        {"opencl", cv::dnn::DNN_BACKEND_OPENCV, cv::dnn::DNN_TARGET_OPENCL},
        {"cuda", cv::dnn::DNN_BACKEND_CUDA, cv::dnn::DNN_TARGET_CUDA},
        {"cuda-fp16", cv::dnn::DNN_BACKEND_CUDA, cv::dnn::DNN_TARGET_CUDA_FP16},
    };
    for (const Device& device : devices) {
        if (device.name != name) continue;
        const auto offered = cv::dnn::getAvailableTargets(static_cast<cv::dnn::Backend>(device.backend));
        if (std::find(offered.begin(), offered.end(), device.target) == offered.end())
            throw Error("Device " + name + " is not there: OpenCV " CV_VERSION " is built without it, "
                        "or finds no such device. Leave --device out.");
        return device;
    }
    throw Error("There is no device " + name + ". Choose cpu, opencl, cuda or cuda-fp16.");
}

class Model {
public:
    explicit Model(const Manifest& manifest, const std::string& device = "cpu")
        : manifest_(manifest), net_(load(manifest, device)) {
        if (holder_of(net_, 0) == Engine::modern) {
            names_ = net_.getUnconnectedOutLayersNames();  // it gives all or nothing
            return;
        }
        for (const TensorSpec& output : manifest.outputs) names_.push_back(output.net_name);  //@only !tail
        names_ = net_outputs(manifest);  //@only tail
        const Device found = find_device(device);
        net_.setPreferableBackend(found.backend);
        net_.setPreferableTarget(found.target);
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
        for (std::size_t i = 0; i < names_.size(); ++i) found[names_[i]] = as_floats(arrays[i]);
        add_tail(found);  //@only tail
        std::vector<Sample> samples(count);
        for (const TensorSpec& spec : manifest_.outputs) {
            const cv::Mat& array = find_array(found, spec);
            for (std::size_t i = 0; i < count; ++i) samples[i].push_back(cut(array, spec, i));
        }
        return samples;
    }

private:
    // The new engine of OpenCV 5 runs on the CPU alone. A bundle that was verified with both goes
    // to the new one, and to the classic one if that refuses it.
    static cv::dnn::Net load(const Manifest& manifest, const std::string& device) {
        find_device(device);
        if (manifest.engine == "new" && device != "cpu")
            throw Error("The bundle was verified with OpenCV 5's new engine only, which runs on the "
                        "CPU. Leave --device out.");
        const int modern = manifest.engine == "classic" || device != "cpu"
                               ? no_engine
                               : number_of(Engine::modern);
        const int classic = manifest.engine == "new" ? no_engine : number_of(Engine::classic);
        if (modern == no_engine && classic == no_engine)
            throw Error(missing_engine(manifest, device));
        if (modern == no_engine) return read_net(manifest.model_path, classic, 0);
        if (classic == no_engine) return read_net(manifest.model_path, modern, 0);
        try {
            return read_net(manifest.model_path, modern, 0);
        } catch (const cv::Exception&) {
            return read_net(manifest.model_path, classic, 0);
        }
    }

    static std::string missing_engine(const Manifest& manifest, const std::string& device) {
        if (manifest.engine == "new")
            return "The bundle was verified with OpenCV 5's new engine only, this is OpenCV "
                   CV_VERSION ". Build with OpenCV 5, or export it with --opencv " CV_VERSION ".";
        if (manifest.engine == "any")
            return "Device " + device + " needs OpenCV's classic engine, which OpenCV " CV_VERSION
                   " does not have. Leave --device out.";
        return "The bundle was verified with OpenCV's classic engine only, which OpenCV " CV_VERSION
               " does not have. Build with OpenCV 5.0 or an older one, or export it again.";
    }

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
                throw Error("manifest.json: tail: " + output.name + " comes out in another shape. "
                            "Export the bundle again.");
            const std::vector<float> values(made->second.values.begin(), made->second.values.end());
            found[output.net_name] = cv::Mat(values, true);
        }
    }

//@end
    // The same values, float32 and one after the other.
    static cv::Mat as_floats(const cv::Mat& array) {
        cv::Mat floats = array;
        if (array.depth() != CV_32F) array.convertTo(floats, CV_32F);
        return floats.isContinuous() ? floats : floats.clone();
    }

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
        const std::size_t first = spec.batched ? 1 : 0;  // dimension of the sample itself
        const std::size_t size = product(spec.keras_shape, first);
        const float* values = array.ptr<float>() + (spec.batched ? index * size : 0);
        Tensor tensor{spec.name, spec.dtype, {}, {values, values + size}};
        tensor.shape.assign(spec.keras_shape.begin() + static_cast<std::ptrdiff_t>(first),
                            spec.keras_shape.end());
        if (spec.layout != "same") tensor.values = channels_last(tensor.values, tensor.shape.back());
        if (spec.dtype == "bool" || spec.dtype.find("int") != std::string::npos)
            for (float& value : tensor.values)
                value = spec.dtype == "bool" ? value != 0.0f : std::nearbyint(value) + 0.0f;  // no -0
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
