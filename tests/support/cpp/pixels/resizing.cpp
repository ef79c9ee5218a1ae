// resizing WIDTH HEIGHT CHANNELS TO_WIDTH TO_HEIGHT linear|cubic|area|tf-bilinear
// The pixels of an image on stdin, resized by a program's own arithmetic, on stdout.
#include <cstdlib>
#include <iostream>
#include <string>

#include "resizing.hpp"

using namespace keras2cv::pixels;

int main(int, char** words) {
    cv::Mat image(std::atoi(words[2]), std::atoi(words[1]), CV_8UC(std::atoi(words[3])));
    std::cin.read(image.ptr<char>(), static_cast<std::streamsize>(image.total() * image.elemSize()));
    const cv::Size size(std::atoi(words[4]), std::atoi(words[5]));
    const std::string name = words[6];
    const cv::Mat result = name == "linear" ? resize_linear(image, size)
                           : name == "cubic" ? resize_cubic(image, size)
                           : name == "area"  ? sum_areas(image, size)
                                             : resize_bilinear(image, size);
    std::cout.write(result.ptr<char>(), static_cast<std::streamsize>(result.total() * result.elemSize()));
}
