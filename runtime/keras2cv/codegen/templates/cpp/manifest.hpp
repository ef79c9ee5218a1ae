// What a bundle says about itself: manifest.json, read with cv::FileStorage.
#pragma once

#include <fstream>
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
// channels first where Keras has them last. Batched: dimension 0 of both shapes is the batch.
struct TensorSpec {
    std::string name, net_name, layout, dtype;
    std::vector<int> keras_shape, net_shape;
    bool batched;
};

// blob = (pixel - mean) * scale / std, after the resize. Mean is in pixel units, 0..255; mean and
// deviation (the manifest's "std") have a value per channel, in the order of `color`.
struct Preprocessing {
    std::string color, resize, interpolation;
    cv::Size size;
    std::vector<double> mean, deviation;
    double scale;
    int pad;  // the colour of a letterbox's bars, 0..255
};

struct Task {
    std::string kind, output, scores;  // output and scores are empty where the task has none
    std::vector<std::string> labels;   // empty if there are none
};

struct Manifest {
    std::string model_path, engine;
    bool verified, fusion, winograd;
    int batch;
    TensorSpec input;
    std::vector<TensorSpec> outputs;
    Preprocessing preprocessing;
    Task task;
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

inline Preprocessing read_preprocessing(const Node& node) {
    Preprocessing rules;
    rules.color = node["color"].text();
    rules.resize = node["resize"].text();
    rules.interpolation = node["interpolation"].text();
    const std::vector<int> size = node["size"].integers();
    node["size"].expect(size.size() == 2, "[width, height]");
    rules.size = cv::Size(size[0], size[1]);
    rules.mean = node["mean"].numbers();
    rules.scale = node["scale"].number();
    rules.deviation = node["std"].numbers();
    rules.pad = rules.resize == "letterbox" ? node["pad"].integer() : 0;
    const std::size_t channels = rules.color == "GRAY" ? 1 : 3;
    node["mean"].expect(rules.mean.size() == channels, "one number per channel");
    node["std"].expect(rules.deviation.size() == channels, "one number per channel");
    return rules;
}

inline Task read_task(const Node& node) {
    Task task;
    task.kind = node["kind"].text();
    if (node.has("output")) task.output = node["output"].text();
    if (node.has("scores")) task.scores = node["scores"].text();
    if (node.has("labels")) task.labels = node["labels"].texts();
    return task;
}

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

// The one input must be the image that the preprocessing makes.
inline void check_input(const Node& root, const Manifest& manifest) {
    const Preprocessing& rules = manifest.preprocessing;
    const std::vector<int> shape = {manifest.batch, static_cast<int>(rules.mean.size()),
                                    rules.size.height, rules.size.width};
    root["preprocessing"]["size"].expect(shape == manifest.input.net_shape,
                                         "the size of the net's input");
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

// Return what the bundle in `folder` says; its task must be `kind`.
inline Manifest read_manifest(const std::string& folder, const std::string& kind) {
    const cv::FileStorage storage = open_manifest(folder);  // nodes live as long as it does
    const Node root(storage.root(), "");
    const int schema = root["schema"].integer();
    if (schema != 1)
        throw Error("manifest.json: schema is " + std::to_string(schema) + ", this program reads 1. "
                    "Generate the program again with the keras2cv that made the bundle.");
    Manifest manifest;
    manifest.task = read_task(root["task"]);
    if (manifest.task.kind != kind)
        throw Error("The bundle's task is " + manifest.task.kind + ", this program is for " + kind +
                    ". Generate one with `keras2cv codegen " + folder + " --lang cpp`.");
    manifest.model_path = find_model(folder, root["model"]);
    manifest.verified = root["status"].text() == "verified";
    manifest.batch = root["model"]["batch"].integer();
    root["model"]["batch"].expect(manifest.batch > 0, "1 or more");
    manifest.engine = root["engine"]["name"].text();
    manifest.fusion = root["engine"]["fusion"].integer() != 0;
    manifest.winograd = root["engine"]["winograd"].integer() != 0;
    const std::vector<Node> inputs = root["inputs"].list();
    root["inputs"].expect(inputs.size() == 1, "one image; this program fills no other inputs");
    manifest.input = read_tensor(inputs[0], true, manifest.batch);
    for (const Node& output : root["outputs"].list())
        manifest.outputs.push_back(
            read_tensor(output, output["batched"].integer() != 0, manifest.batch));
    manifest.preprocessing = read_preprocessing(root["preprocessing"]);
    check_input(root, manifest);
    return manifest;
}
