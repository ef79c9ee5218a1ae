// As much of OpenCV's core as engines.hpp uses; VERSION_MAJOR comes from the compiler's command line.
#pragma once

#include <exception>
#include <string>

#define CV_VERSION_MAJOR VERSION_MAJOR

namespace cv {
class Exception : public std::exception {
public:
    std::string err = "no such engine";
};
}  // namespace cv
