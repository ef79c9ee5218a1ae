// Numbers and texts as people and JSON read them.
#pragma once

#include <array>
#include <cmath>
#include <cstdio>
#include <locale>
#include <sstream>
#include <string>
#include <vector>

namespace keras2cv::@namespace@ {

// Return a number by a pattern of printf.
inline std::string format(const char* pattern, double value) {
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(), buffer.size(), pattern, value);
    return buffer.data();
}

// 9 digits give a float32 back exactly. JSON has no nan and inf; they become strings.
inline std::string json_number(double value) {
    if (std::isnan(value)) return "\"nan\"";
    if (std::isinf(value)) return value < 0 ? "\"-inf\"" : "\"inf\"";
    std::ostringstream digits;
    digits.imbue(std::locale::classic());  // a point, whatever the program's locale
    digits.precision(9);
    digits << value;
    return digits.str();
}

inline std::string json_text(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        const bool is_control = static_cast<unsigned char>(c) < 0x20;
        if (c == '"' || c == '\\') result += '\\';
        if (is_control) result += c < 0x10 ? "\\u000" : "\\u001";
        result += is_control ? "0123456789abcdef"[c % 16] : c;
    }
    return result + '"';
}

// "a, b, c"
inline std::string join(const std::vector<std::string>& parts, const std::string& between = ", ") {
    std::string result;
    for (const std::string& part : parts) result += (result.empty() ? "" : between) + part;
    return result;
}

inline std::string json_list(const std::vector<std::string>& parts) { return "[" + join(parts) + "]"; }

}  // namespace keras2cv::@namespace@
