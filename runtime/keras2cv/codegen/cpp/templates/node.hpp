// Values of manifest.json that know where they lie, so that a complaint can say so.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>

#include "keras2cv/@namespace@.hpp"

namespace keras2cv::@namespace@ {

inline Error bad_manifest(const std::string& what) {
    Error error("manifest.json: " + what + ". Export the bundle again.");
    return error;
}

class Node {
public:
    Node() = default;
    Node(const cv::FileNode& node, std::string path) : node_(node), path_(std::move(path)) {}

    bool has(const std::string& key) const { return node_.isMap() && !node_[key].empty(); }

    Node operator[](const std::string& key) const {
        const std::string path = path_.empty() ? key : path_ + "." + key;
        if (!has(key)) throw bad_manifest(path + " is missing");
        return {node_[key], path};
    }

    void expect(bool right, const std::string& wanted) const {
        if (!right) throw bad_manifest(path_ + " must be " + wanted);
    }

    // Throw for a key that is none of these: it changes what the others mean.
    void expect_keys(const std::string& known) const {
        expect(node_.isMap(), "a map");
        for (const std::string& key : node_.keys())
            if ((" " + known + " ").find(" " + key + " ") == std::string::npos)
                throw Error("manifest.json: " + path_ + "." + key + " is unknown to this program. Generate "
                            "it again with the keras2cv that made the bundle.");
    }

    std::string text() const { return as<std::string>(node_.isString(), "a string"); }
    int integer() const { return as<int>(node_.isInt(), "an integer"); }
    double number() const { return as<double>(node_.isInt() || node_.isReal(), "a number"); }
    bool flag() const { return integer() != 0; }
    std::vector<std::string> texts() const { return all(&Node::text); }
    std::vector<int> integers() const { return all(&Node::integer); }
    std::vector<double> numbers() const { return all(&Node::number); }
    std::vector<std::string> labels() const {
        if (!has("labels")) return {};
        return (*this)["labels"].texts();
    }

    std::vector<Node> list() const {
        expect(node_.isSeq(), "a list");
        std::vector<Node> items;
        for (const cv::FileNode& item : node_)
            items.emplace_back(item, path_ + "[" + std::to_string(items.size()) + "]");
        return items;
    }

private:
    template <typename Value>
    Value as(bool right, const char* wanted) const {
        expect(right, wanted);
        return static_cast<Value>(node_);
    }

    template <typename Value>
    std::vector<Value> all(Value (Node::*read)() const) const {
        std::vector<Value> values;
        for (const Node& item : list()) values.push_back((item.*read)());
        return values;
    }

    cv::FileNode node_;
    std::string path_;
};

}  // namespace keras2cv::@namespace@
