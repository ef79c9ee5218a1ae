// What a bundle says about itself: manifest.json, read with cv::FileStorage.
#pragma once

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

// Something is wrong with the bundle or an image: what, where, and what to do.
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A value of the manifest that knows where it lies, so that a complaint can say so.
class Node {
public:
    Node() = default;
    Node(const cv::FileNode& node, const std::string& path) : node_(node), path_(path) {}

    bool has(const std::string& key) const { return node_.isMap() && !node_[key].empty(); }

    Node operator[](const std::string& key) const {
        const std::string path = path_.empty() ? key : path_ + "." + key;
        if (!has(key)) throw Error("manifest.json: " + path + " is missing. Export the bundle again.");
        return Node(node_[key], path);
    }

    std::string text() const {
        expect(node_.isString(), "a string");
        return static_cast<std::string>(node_);
    }

    int integer() const {
        expect(node_.isInt(), "an integer");
        return static_cast<int>(node_);
    }

    double number() const {
        expect(node_.isInt() || node_.isReal(), "a number");
        return static_cast<double>(node_);
    }

    std::vector<Node> list() const {
        expect(node_.isSeq(), "a list");
        std::vector<Node> items;
        for (const cv::FileNode& item : node_)
            items.emplace_back(item, path_ + "[" + std::to_string(items.size()) + "]");
        return items;
    }

    bool flag() const { return integer() != 0; }

    std::vector<int> integers() const {
        std::vector<int> values;
        for (const Node& item : list()) values.push_back(item.integer());
        return values;
    }

    std::vector<double> numbers() const {
        std::vector<double> values;
        for (const Node& item : list()) values.push_back(item.number());
        return values;
    }

    std::vector<std::string> texts() const {
        std::vector<std::string> values;
        for (const Node& item : list()) values.push_back(item.text());
        return values;
    }

    void expect(bool right, const std::string& wanted) const {
        if (!right)
            throw Error("manifest.json: " + path_ + " must be " + wanted + ". Export the bundle again.");
    }

private:
    cv::FileNode node_;
    std::string path_;
};

// An input or output: its names and shapes in Keras and in the net. Layout "same", or the net has
// the channels before the other axes and Keras has them last.
struct TensorSpec {
    std::string name, net_name, layout, dtype;
    std::vector<int> keras_shape, net_shape;
    bool batched;  // dimension 0 is the batch
};

//@begin !arrays
// blob = (pixel - mean) * scale / std, per channel, in the order of `color`.
struct Preprocessing {
    std::string input, color, resize, interpolation;
    cv::Size size;
    std::vector<double> mean, deviation;
    double scale;
    int pad;  // the colour of the bars of letterbox and pad, 0..255
    bool transpose;  // rows become columns, after the resize
};

//@end
struct Manifest {
    cv::FileStorage storage;  // nodes live as long as it does
    std::string model_path, engine;
    bool verified, fusion, winograd;
    int batch;
    std::vector<TensorSpec> inputs, outputs;
    std::vector<TensorSpec> heads;  // outputs of the net that only the tail reads  //@only tail
    Node steps;                     // the tail's  //@only tail
    Preprocessing preprocessing;  //@only !arrays
    Node task;
};

inline std::size_t product(const std::vector<int>& shape, std::size_t first = 0) {
    std::size_t result = 1;
    for (std::size_t i = first; i < shape.size(); ++i) result *= static_cast<std::size_t>(shape[i]);
    return result;
}

inline TensorSpec read_tensor(const Node& node, bool batched, int batch) {
    TensorSpec spec;
    spec.name = node["name"].text();
    spec.net_name = node["net_name"].text();
    spec.layout = node["layout"].text();
    spec.dtype = node["dtype"].text();
    spec.keras_shape = node["keras_shape"].integers();
    spec.net_shape = node["net_shape"].integers();
    spec.batched = batched;
    const Node net_shape = node["net_shape"], keras_shape = node["keras_shape"];
    for (const int size : spec.net_shape) net_shape.expect(size > 0, "positive sizes");
    for (const int size : spec.keras_shape) keras_shape.expect(size > 0, "positive sizes");
    keras_shape.expect(product(spec.keras_shape) == product(spec.net_shape),
                       "as many values as net_shape");
    keras_shape.expect(spec.layout == "same" || spec.keras_shape.size() > 2, "of rank 3 or more");
    keras_shape.expect(!batched || (!spec.keras_shape.empty() && spec.keras_shape[0] == batch),
                       "a shape that begins with the batch");
    return spec;
}

inline std::vector<TensorSpec> read_outputs(const Node& node, int batch) {
    std::vector<TensorSpec> specs;
    for (const Node& output : node.list())
        specs.push_back(read_tensor(output, output["batched"].flag(), batch));
    return specs;
}

//@begin !arrays
inline Preprocessing read_preprocessing(const Node& node) {
    Preprocessing rules;
    rules.input = node["input"].text();
    rules.color = node["color"].text();
    rules.resize = node["resize"].text();
    rules.interpolation = node["interpolation"].text();
    const std::vector<int> size = node["size"].integers();
    node["size"].expect(size.size() == 2, "[width, height]");
    rules.size = cv::Size(size[0], size[1]);
    rules.mean = node["mean"].numbers();
    rules.scale = node["scale"].number();
    rules.deviation = node["std"].numbers();
    const bool has_bars = rules.resize == "letterbox" || rules.resize == "pad";
    rules.pad = has_bars ? node["pad"].integer() : 0;
    rules.transpose = node.has("transpose");
    const std::size_t channels = rules.color == "GRAY" ? 1 : 3;
    node["mean"].expect(rules.mean.size() == channels, "one number per channel");
    node["std"].expect(rules.deviation.size() == channels, "one number per channel");
    return rules;
}

// The image that the preprocessing makes must be what its input takes.
inline void check_image(const Node& root, const Manifest& manifest) {
    const Preprocessing& rules = manifest.preprocessing;
    const cv::Size size = rules.transpose ? cv::Size(rules.size.height, rules.size.width) : rules.size;
    const std::vector<int> shape = {manifest.batch, static_cast<int>(rules.mean.size()), size.height,
                                    size.width};
    for (const TensorSpec& input : manifest.inputs) {
        if (input.name != rules.input) continue;
        root["preprocessing"]["size"].expect(shape == input.net_shape, "the size of the net's input");
        return;
    }
    root["preprocessing"]["input"].expect(false, "one of the inputs");
}

//@end
// Return the model's path, if a file of the right size is there.
inline std::string find_model(const std::string& folder, const Node& model) {
    const std::string path = folder + "/" + model["file"].text();
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw Error(path + " is missing. Copy the bundle again.");
    const std::string bytes = std::to_string(static_cast<long long>(file.tellg()));
    if (bytes != model["bytes"].text())
        throw Error(path + " has " + bytes + " bytes, its manifest says " + model["bytes"].text() +
                    ". Copy the bundle again.");
    return path;
}

inline cv::FileStorage open_manifest(const std::string& folder) {
    const std::string path = folder + "/manifest.json";
    if (!std::ifstream(path))
        throw Error(folder + " is not a bundle: it has no manifest.json. Give a folder made by "
                    "`keras2cv export`.");
    try {
        cv::FileStorage storage(path, cv::FileStorage::READ);
        if (storage.isOpened() && storage.root().isMap()) return storage;
    } catch (const cv::Exception&) {
        // Said below, in words for whoever runs the program.
    }
    throw Error(path + " is not JSON. Copy the bundle again.");
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

// Return what the bundle in `folder` says; its task must be `kind`.
inline Manifest read_manifest(const std::string& folder, const std::string& kind) {
    Manifest manifest;
    manifest.storage = open_manifest(folder);
    const Node root(manifest.storage.root(), "");
    const int schema = root["schema"].integer();
    if (schema != 1)
        throw Error("manifest.json: schema is " + std::to_string(schema) + ", this program reads 1. "
                    "Generate the program again with the keras2cv that made the bundle.");
    manifest.task = root["task"];
    if (manifest.task["kind"].text() != kind)
        throw Error("The bundle's task is " + manifest.task["kind"].text() + ", this program is for " +
                    kind + ". Generate one with `keras2cv codegen " + folder + " --lang cpp`.");
    const Node model = root["model"], engine = root["engine"];
    check_version(model["opencv"].text());
    manifest.model_path = find_model(folder, model);
    manifest.verified = root["status"].text() == "verified";
    manifest.batch = model["batch"].integer();
    model["batch"].expect(manifest.batch > 0, "1 or more");
    manifest.engine = engine["name"].text();
    manifest.fusion = engine["fusion"].flag();
    manifest.winograd = engine["winograd"].flag();
    for (const Node& input : root["inputs"].list())
        manifest.inputs.push_back(read_tensor(input, true, manifest.batch));
    root["inputs"].expect(manifest.inputs.size() == 1, "one image; this program fills no other inputs");  //@only !inputs
    manifest.outputs = read_outputs(root["outputs"], manifest.batch);
    manifest.heads = read_outputs(root["tail"]["heads"], manifest.batch);  //@only tail
    manifest.steps = root["tail"]["steps"];  //@only tail
    if (root.has("tail"))  //@only !tail
        throw Error("The bundle finishes after the net by steps that this program does not do. "  //@only !tail
                    "Generate one with `keras2cv codegen " + folder + " --lang cpp`.");  //@only !tail
    manifest.preprocessing = read_preprocessing(root["preprocessing"]);  //@only !arrays
    check_image(root, manifest);  //@only !arrays
    return manifest;
}
