// What a bundle says about itself: manifest.json, read with cv::FileStorage.
#pragma once

#include <algorithm>  //@only clips
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "files.hpp"
#include "node.hpp"

namespace keras2cv::@namespace@ {

// An input or output: its names and shapes in Keras and in the net. Layout "same", or the net has
// the channels before the other axes and Keras has them last.
struct TensorSpec {
    std::string name, net_name, layout, dtype;
    std::vector<int> keras_shape, net_shape;
    bool batched = true;  // dimension 0 is the batch
};

//@begin !arrays
// blob = (pixel - mean) * scale / std, per channel, in the order of `color`.
struct Preprocessing {
    std::string input, color, resize, interpolation;
    cv::Size size;
    std::vector<double> mean, deviation;
    double scale = 1;
    int pad = 0;  // the colour of the bars of letterbox and pad, in pixel units
    bool transpose = false;  // rows become columns, after the resize
    bool is_deep = false;    // of 16 bits a channel  //@only deep
//@begin clips
    // A clip has `window` frames, each `stride` frames of the video after the one before; the next clip
    // begins `hop` frames after this one.
    int window = 1, stride = 1, hop = 1;
    bool is_clip = false;  //@only clipbeside

    int span() const { return (window - 1) * stride + 1; }  // frames of the video
//@end

    int channels() const { return static_cast<int>(mean.size()); }
};

//@end
struct Manifest {
    cv::FileStorage storage;  // nodes live as long as it does
    std::string folder, file, sha256, engine;
    bool verified = false, fusion = true, winograd = true;
    int batch = 1;
    std::vector<TensorSpec> inputs, outputs;
    std::vector<TensorSpec> heads;  // outputs of the net that only the tail reads  //@only tail
    Node steps;                     // the tail's  //@only tail
    Preprocessing preprocessing;  //@only !arrays
    std::vector<Preprocessing> more_pictures;  // of the other inputs that are images  //@only pictures
    Node task;
};

inline std::size_t product(const std::vector<int>& shape, std::size_t first = 0) {
    std::size_t result = 1;
    for (std::size_t i = first; i < shape.size(); ++i) result *= static_cast<std::size_t>(shape[i]);
    return result;
}

// Return the inputs or outputs; what does not say whether it is batched, is.
inline std::vector<TensorSpec> read_tensors(const Node& tensors, int batch) {
    std::vector<TensorSpec> specs;
    for (const Node& node : tensors.list()) {
        const Node net_shape = node["net_shape"], keras_shape = node["keras_shape"];
        TensorSpec spec{node["name"].text(), node["net_name"].text(), node["layout"].text(),
                        node["dtype"].text(), keras_shape.integers(), net_shape.integers(),
                        !node.has("batched") || node["batched"].flag()};
        for (const int size : spec.net_shape) net_shape.expect(size > 0, "positive sizes");
        for (const int size : spec.keras_shape) keras_shape.expect(size > 0, "positive sizes");
        keras_shape.expect(product(spec.keras_shape) == product(spec.net_shape),
                           "as many values as net_shape");
        keras_shape.expect(spec.layout == "same" || spec.keras_shape.size() > 2, "of rank 3 or more");
        keras_shape.expect(!spec.batched || (!spec.keras_shape.empty() && spec.keras_shape[0] == batch),
                           "a shape that begins with the batch");
        specs.push_back(std::move(spec));
    }
    return specs;
}

//@begin clips
inline void read_clip(const Node& clip, Preprocessing& rules) {
    clip.expect_keys("window stride hop");
    rules.window = clip["window"].integer();
    rules.stride = clip["stride"].integer();
    rules.hop = clip["hop"].integer();
    clip.expect(std::min({rules.window, rules.stride, rules.hop}) > 0 &&
                    std::max({rules.window, rules.stride, rules.hop}) <= 4096, "numbers of 1 to 4096 frames");
}

//@end
//@begin !arrays
// Return how images are prepared; what that makes must be what its input takes.
inline Preprocessing read_preprocessing(const Node& node, const std::vector<TensorSpec>& inputs) {
    node.expect_keys(
        "depth "  //@only deep
        "clip "  //@only clips
        "input color size resize interpolation mean scale std source pad transpose");
    const std::vector<int> size = node["size"].integers();
    node["size"].expect(size.size() == 2, "[width, height]");
    Preprocessing rules{node["input"].text(), node["color"].text(), node["resize"].text(),
                        node["interpolation"].text(), {size[0], size[1]}, node["mean"].numbers(),
                        node["std"].numbers(), node["scale"].number()};
    if (rules.resize == "letterbox" || rules.resize == "pad") rules.pad = node["pad"].integer();
    rules.transpose = node.has("transpose");
    rules.is_deep = node.has("depth");  //@only deep
    rules.is_clip = node.has("clip");  //@only clipbeside
    if (rules.is_clip) read_clip(node["clip"], rules);  //@only clipbeside
    read_clip(node["clip"], rules);  //@only cliponly
    const int channels = rules.color == "GRAY" ? 1 : 3;  //@only !bands
    int channels = rules.color == "GRAY" ? 1 : 3;  //@only bands
    if (rules.color == "RGBA" || rules.color == "BGRA") channels = 4;  //@only bands
    if (rules.color == "CHANNELS") channels = rules.channels();  //@only bands
    node["mean"].expect(rules.channels() == channels, "one number per channel");
    node["std"].expect(rules.deviation.size() == rules.mean.size(), "one number per channel");
    for (const TensorSpec& input : inputs) {
        if (input.name != rules.input) continue;
        const cv::Size fitted = rules.transpose ? cv::Size(size[1], size[0]) : rules.size;
        std::vector<int> shape = {input.keras_shape[0], channels, fitted.height, fitted.width};
        shape.insert(shape.begin() + 2, rules.window);  //@only cliponly
        if (rules.is_clip) shape.insert(shape.begin() + 2, rules.window);  //@only clipbeside
        node["size"].expect(input.net_shape == shape, "the size of the net's input");
        return rules;
    }
    throw bad_manifest("preprocessing.input is none of the inputs");
}

//@end
//@begin photo
// Return how images become an input, or nullptr if it takes arrays.
inline const Preprocessing* rules_of(const Manifest& manifest, const std::string& input) {
    for (const Preprocessing& rules : manifest.more_pictures)  //@only pictures
        if (rules.input == input) return &rules;  //@only pictures
    return manifest.preprocessing.input == input ? &manifest.preprocessing : nullptr;
}

//@end
inline cv::FileStorage open_manifest(const std::string& folder) {
    const std::string path = folder + "/manifest.json";
    if (!is_file(path))
        throw Error(folder + " is not a bundle: it has no manifest.json. Give a folder made by "
                    "`keras2cv export`.");
    const std::vector<uchar> bytes = read_bytes(path);
    const int from_memory = cv::FileStorage::READ | cv::FileStorage::MEMORY | cv::FileStorage::FORMAT_JSON;
    try {
        cv::FileStorage storage(std::string(bytes.begin(), bytes.end()), from_memory);
        if (storage.isOpened() && storage.root().isMap()) return storage;
    } catch (const cv::Exception&) {
        // Said below, in words for whoever runs the program.
    }
    throw Error(path + " is not JSON. Copy the bundle again, or export it again.");
}

// `oldest`, such as "4.10", is the first OpenCV that runs the net.
inline void check_version(const std::string& oldest) {
    int major = 0, minor = 0;
    char dot = 0;
    std::istringstream(oldest) >> major >> dot >> minor;
    if (major > CV_VERSION_MAJOR || (major == CV_VERSION_MAJOR && minor > CV_VERSION_MINOR))
        throw Error("The bundle needs OpenCV " + oldest + " or newer, and this is " CV_VERSION
                    ". Build with a newer one, or export the model with --opencv " CV_VERSION ".");
}

// Return what the bundle in `folder` says.
inline Manifest read_manifest(const std::string& folder) {
    Manifest manifest;
    manifest.folder = folder;
    manifest.storage = open_manifest(folder);
    const Node root(manifest.storage.root(), ""), schema = root["schema"];
    if (schema.integer() != 1)
        throw Error("manifest.json: schema is " + std::to_string(schema.integer()) + ", this program "
                    "reads 1. Generate the program again with the keras2cv that made the bundle.");
    manifest.task = root["task"];
    if (manifest.task["kind"].text() != "@kind@")
        throw Error("The bundle's task is " + manifest.task["kind"].text() + ", this program is for "
                    "@kind@. Generate one with `keras2cv codegen " + folder + " --lang cpp`.");
    for (const char* key : {"states", "front", "more_pictures"})  //@only !pictures
    for (const char* key : {"states", "front"})  //@only pictures
        if (root.has(key))
            throw Error(std::string("The bundle has ") + key + ", which this program does not know. Use "
                        "keras2cv.load().");
    const Node model = root["model"], engine = root["engine"];
    check_version(model["opencv"].text());
    manifest.file = model["file"].text();
    model["file"].expect(manifest.file == "model.onnx" || manifest.file == "model.pb",
                         "model.onnx or model.pb");
    manifest.sha256 = model["sha256"].text();
    manifest.verified = root["status"].text() == "verified";
    manifest.batch = model["batch"].integer();
    model["batch"].expect(manifest.batch > 0, "1 or more");
    manifest.engine = engine["name"].text();
    manifest.fusion = engine["fusion"].flag();
    manifest.winograd = engine["winograd"].flag();
    manifest.inputs = read_tensors(root["inputs"], manifest.batch);
    root["inputs"].expect(manifest.inputs.size() == 1, "one image; this program fills no other inputs");  //@only !inputs
    manifest.outputs = read_tensors(root["outputs"], manifest.batch);
    manifest.heads = read_tensors(root["tail"]["heads"], manifest.batch);  //@only tail
    manifest.steps = root["tail"]["steps"];  //@only tail
    if (root.has("tail"))  //@only !tail
        throw Error("The bundle finishes after the net by steps that this program does not do. "  //@only !tail
                    "Generate one with `keras2cv codegen " + folder + " --lang cpp`.");  //@only !tail
    manifest.preprocessing = read_preprocessing(root["preprocessing"], manifest.inputs);  //@only !arrays
    for (const Node& node : root["more_pictures"].list())  //@only pictures
        manifest.more_pictures.push_back(read_preprocessing(node, manifest.inputs));  //@only pictures
    return manifest;
}

}  // namespace keras2cv::@namespace@
