// An OpenCV that does not exist: MODERN and CLASSIC are the numbers of its engines, 0 for none.
// Without ONE_ENGINE, its readers take such a number. No constant names an engine.
#pragma once

#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv {
namespace dnn {
enum ModelFormat { DNN_MODEL_GENERIC = 0, DNN_MODEL_ONNX = 1 };

class Net {
public:
    Net() = default;
    explicit Net(bool modern) : empty_(false), modern_(modern) {}
    bool empty() const { return empty_; }
#if VERSION_MAJOR >= 5
    ModelFormat getModelFormat() const { return modern_ ? DNN_MODEL_ONNX : DNN_MODEL_GENERIC; }
#endif
    bool is_modern() const { return modern_; }

private:
    bool empty_ = true, modern_ = false;
};

using Bytes = std::vector<unsigned char>;

#if defined(ONE_ENGINE)
inline Net readNet(const std::string&, const std::string& = "", const std::string& = "") {
    return Net(MODERN != 0);
}
inline Net readNetFromONNX(const Bytes&) { return Net(MODERN != 0); }
inline Net readNet(const std::string&, const Bytes&, const Bytes& = {}) { return Net(MODERN != 0); }
#else
inline Net readNet(const std::string&, const std::string&, const std::string&, int engine) {
    if (engine == 0 || (engine != MODERN && engine != CLASSIC)) throw Exception();
    return Net(engine == MODERN);
}

// Bytes go to the modern engine, asked or not, as in 5.0.
inline Net readNetFromONNX(const Bytes&, int engine = MODERN) {
    if (engine == 0 || (engine != MODERN && engine != CLASSIC)) throw Exception();
    return Net(MODERN != 0);
}
inline Net readNet(const std::string&, const Bytes& bytes, const Bytes& = {}, int engine = MODERN) {
    return readNetFromONNX(bytes, engine);
}
#endif
}  // namespace dnn
}  // namespace cv
