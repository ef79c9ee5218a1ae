// JSON's strings and numbers, and lists of them.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

inline std::string format(const char* pattern, double value) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, pattern, value);
    return buffer;
}

// 9 digits: enough to give a float32 back exactly. JSON has no nan and inf; they become strings.
inline std::string json_number(double value) {
    if (std::isnan(value)) return "\"nan\"";
    if (std::isinf(value)) return value < 0 ? "\"-inf\"" : "\"inf\"";
    return format("%.9g", value);
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

// The bytes of a character at `at` that a terminal acts on or does not show, 0 if it shows it:
// controls (C0, C1), direction marks, spaces without a width, ends of lines.
inline std::size_t hidden_bytes(const std::string& text, std::size_t at) {
    const auto byte = [&](std::size_t k) {
        return at + k < text.size() ? static_cast<unsigned char>(text[at + k]) : 0;
    };
    if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
    if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) < 0xa0) return 2;
    if (byte(0) == 0xd8 && byte(1) == 0x9c) return 2;
    const bool is_thin = byte(1) == 0x80 && byte(2) >= 0x8b && byte(2) <= 0x8f;
    const bool is_mark = byte(1) == 0x80 && byte(2) >= 0xa8 && byte(2) <= 0xae;
    const bool is_join = byte(1) == 0x81 && byte(2) >= 0xa0 && byte(2) <= 0xaf;
    if (byte(0) == 0xe2 && (is_thin || is_mark || is_join)) return 3;
    return byte(0) == 0xef && byte(1) == 0xbb && byte(2) == 0xbf ? 3 : 0;
}

// Text on one line, for a terminal.
inline std::string shown(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t hidden = hidden_bytes(text, i);
        for (std::size_t end = i + hidden; i < end; i++) {
            char code[8];
            std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(text[i]));
            result += code;
        }
        if (hidden == 0) result += text[i++];
    }
    return result;
}

// "a, b, c"
inline std::string join(const std::vector<std::string>& parts, const std::string& between = ", ") {
    std::string result;
    for (const std::string& part : parts) result += (result.empty() ? "" : between) + part;
    return result;
}

inline std::string json_list(const std::vector<std::string>& parts) { return "[" + join(parts) + "]"; }
