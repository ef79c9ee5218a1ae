// An OpenCV that does not exist: MODERN and CLASSIC are the numbers of its engines, 0 for none.
// Without ONE_ENGINE, readNet takes such a number. No constant names an engine.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include <opencv2/core.hpp>

namespace cv {
namespace dnn {
enum ModelFormat { DNN_MODEL_GENERIC = 0, DNN_MODEL_ONNX = 1 };

class Net {
public:
    explicit Net(bool modern) : modern_(modern) {}
    bool empty() const { return false; }
#if VERSION_MAJOR >= 5
    ModelFormat getModelFormat() const { return modern_ ? DNN_MODEL_ONNX : DNN_MODEL_GENERIC; }
#endif

private:
    bool modern_;
};

inline void check(const std::string& path) {
    std::ostringstream content;
    content << std::ifstream(path, std::ios::binary).rdbuf();
    if (content.str().size() != 69) throw Exception();
}

#if defined(ONE_ENGINE)
inline Net readNet(const std::string& path, const std::string& = "", const std::string& = "") {
    check(path);
    return Net(MODERN != 0);
}
#else
inline Net readNet(const std::string& path, const std::string&, const std::string&, int engine) {
    check(path);
    if (engine == 0 || (engine != MODERN && engine != CLASSIC)) throw Exception();
    return Net(engine == MODERN);
}

inline Net readNet(const std::string& path) { return readNet(path, "", "", MODERN); }
#endif
}  // namespace dnn
}  // namespace cv
