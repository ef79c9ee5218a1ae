// As much of OpenCV's core as engines.hpp uses; VERSION_MAJOR comes from the compiler's command line.
#pragma once

#include <exception>
#include <string>

#define CV_VERSION_MAJOR VERSION_MAJOR

namespace cv {
class Exception : public std::exception {};
inline std::string tempfile(const char* suffix) { return std::string(SCRATCH "/graph") + suffix; }
}  // namespace cv
