// The engines that this OpenCV has. OpenCV 5.0 has two and constants for them; later ones may have
// one, or other names. So a graph of one node is loaded, and the net says which engine holds it.
#pragma once

#include <cstdio>
#include <fstream>
#include <string>

#include <opencv2/core.hpp>
#include <opencv2/core/utility.hpp>
#include <opencv2/dnn.hpp>

enum class Engine { classic, modern };  // of OpenCV 4, and the one that came with 5.0

// Read a file with the number that chooses an engine, where readNet takes one.
template <typename Path>
auto read_net(const Path& path, int engine, int)
    -> decltype(cv::dnn::readNet(path, "", "", engine)) {
    return cv::dnn::readNet(path, "", "", engine);
}

template <typename Path>
cv::dnn::Net read_net(const Path& path, int, long) {
    return cv::dnn::readNet(path);
}

// Only the new engine's importers record the format of a file; OpenCV 4 has no such call.
template <typename Net>
auto holder_of(const Net& net, int) -> decltype(static_cast<int>(net.getModelFormat()), Engine()) {
    return static_cast<int>(net.getModelFormat()) != 0 ? Engine::modern : Engine::classic;
}

template <typename Net>
Engine holder_of(const Net&, long) {
    return CV_VERSION_MAJOR >= 5 ? Engine::modern : Engine::classic;
}

// A file with y = Relu(x), for as long as this lives.
class TinyGraph {
public:
    TinyGraph() : path_(cv::tempfile(".onnx")) {
        static const char content[] =
            "\x08\x07:;\n\x0c\n\x01x\x12\x01y\"\x04Relu\x12\x01gZ\x13\n\x01x\x12\x0e\n\x0c\x08\x01"
            "\x12\x08\n\x02\x08\x01\n\x02\x08\x01" "b\x13\n\x01y\x12\x0e\n\x0c\x08\x01\x12\x08\n\x02"
            "\x08\x01\n\x02\x08\x01" "B\x04\n\x00\x10\r";
        std::ofstream file(path_, std::ios::binary);
        file.write(content, sizeof content - 1);
        file.close();
        is_written_ = file.good();
    }
    TinyGraph(const TinyGraph&) = delete;
    TinyGraph& operator=(const TinyGraph&) = delete;
    ~TinyGraph() { std::remove(path_.c_str()); }

    bool is_written() const { return is_written_; }

    bool is_taken_by(Engine engine, int number) const {
        try {
            const cv::dnn::Net net = read_net(path_, number, 0);
            return !net.empty() && holder_of(net, 0) == engine;
        } catch (const cv::Exception&) {  // there is no engine of that number
            return false;
        }
    }

private:
    std::string path_;
    bool is_written_ = false;
};

constexpr int no_engine = -1;

// Return the number for readNet that makes OpenCV take an engine, or `no_engine`.
inline int number_of(Engine engine) {
    const int in_5_0 = engine == Engine::modern ? 2 : 1;
    if (CV_VERSION_MAJOR < 5) return engine == Engine::classic ? in_5_0 : no_engine;
    const TinyGraph graph;
    if (!graph.is_written()) return in_5_0;
    // 5.0's own number first. 4 is ONNX Runtime there, which is no engine of OpenCV's.
    for (const int number : {in_5_0, 1, 2, 3, 0, 5, 6, 7, 8})
        if (graph.is_taken_by(engine, number)) return number;
    return no_engine;
}
