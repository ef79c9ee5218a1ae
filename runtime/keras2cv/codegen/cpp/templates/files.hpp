// Files, by names in UTF-8 on every system.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "keras2cv/@namespace@.hpp"

namespace keras2cv::@namespace@ {

inline std::filesystem::path path_of(const std::string& utf8) {
#ifdef __cpp_char8_t
    return {std::u8string(utf8.begin(), utf8.end())};
#else
    return std::filesystem::u8path(utf8);
#endif
}

inline bool is_file(const std::string& path) {
    std::error_code failed;
    return std::filesystem::is_regular_file(path_of(path), failed);
}

inline std::vector<uchar> read_bytes(const std::string& path) {
    std::ifstream file(path_of(path), std::ios::binary | std::ios::ate);
    if (!is_file(path) || !file) throw Error(path + " cannot be opened. Check the path.");
    std::vector<uchar> bytes(static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0)));
    file.seekg(0);
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file) throw Error(path + " cannot be read. Copy it again.");
    return bytes;
}

}  // namespace keras2cv::@namespace@
