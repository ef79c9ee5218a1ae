// The engines of OpenCV's dnn. 5.0 has two, and numbers for them; later ones may have one, or others.
#pragma once

#include <string>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

namespace keras2cv::@namespace@ {

enum class Engine { classic, modern };  // of OpenCV 4, and the one that came with 5.0

// Load `source` (its bytes, path and is_onnx) by the number of an engine, where OpenCV takes one. 5.0
// loads bytes into its modern engine, asked or not: only a file reaches the classic one.
template <typename Source>
auto read_net(const Source& source, Engine engine, int number, int)
    -> decltype(cv::dnn::readNetFromONNX(source.bytes, number)) {
    if (engine == Engine::classic) return cv::dnn::readNet(source.path, "", "", number);
    if (source.is_onnx) return cv::dnn::readNetFromONNX(source.bytes, number);
    return cv::dnn::readNet("tensorflow", source.bytes, {}, number);
}

template <typename Source>
cv::dnn::Net read_net(const Source& source, Engine, int, long) {
    if (source.is_onnx) return cv::dnn::readNetFromONNX(source.bytes);
    return cv::dnn::readNet("tensorflow", source.bytes);
}

// Return the engine that holds a net: the modern one's importers alone record the format of the file.
template <typename Net>
auto holder_of(const Net& net, int) -> decltype(static_cast<int>(net.getModelFormat()), Engine()) {
    return static_cast<int>(net.getModelFormat()) != 0 ? Engine::modern : Engine::classic;
}

template <typename Net>
Engine holder_of(const Net&, long) {
    return CV_VERSION_MAJOR >= 5 ? Engine::modern : Engine::classic;
}

// Load into an engine; the net is empty if this OpenCV has no such engine, or that refuses the net, and
// then `problem` says why.
template <typename Source>
cv::dnn::Net load_net(const Source& source, Engine engine, std::string& problem) {
    if (CV_VERSION_MAJOR < 5 && engine == Engine::modern) return {};
    const int own = engine == Engine::modern ? 2 : 1;  // in 5.0, where 4 is ONNX Runtime
    for (const int number : {own, 3 - own, 3, 0, 5, 6, 7, 8}) {
        try {
            cv::dnn::Net net = read_net(source, engine, number, 0);
            if (!net.empty() && holder_of(net, 0) == engine) return net;
        } catch (const cv::Exception& error) {  // none has that number, or not for this net
            if (number == own) problem += " " + error.err + ".";
        }
        if (CV_VERSION_MAJOR < 5) break;
    }
    return {};
}

}  // namespace keras2cv::@namespace@
