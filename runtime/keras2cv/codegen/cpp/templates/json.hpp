// JSON's strings and numbers, and lists of them.
#pragma once

#include <cmath>
#include <cstdio>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>
#include <vector>

namespace keras2cv::@namespace@ {

inline std::string format(const char* pattern, double value) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, pattern, value);
    return buffer;
}

// 9 digits: enough to give a float32 back exactly. JSON has no nan and inf; they become strings.
inline std::string json_number(double value) {
    if (std::isnan(value)) return "\"nan\"";
    if (std::isinf(value)) return value < 0 ? "\"-inf\"" : "\"inf\"";
    std::ostringstream digits;
    digits.imbue(std::locale::classic());  // a point, whatever the program's locale
    digits << std::setprecision(9) << value;
    return digits.str();
}

inline std::string json_text(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        char code[8];
        std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned char>(c));
        if (static_cast<unsigned char>(c) < 0x20) result += code;
        else if (c == '"' || c == '\\') result += std::string("\\") + c;
        else result += c;
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
