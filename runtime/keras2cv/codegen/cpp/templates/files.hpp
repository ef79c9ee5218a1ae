// Files, by names in UTF-8 on every system, and whether they are those that were verified.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
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
    std::error_code failed;
    std::vector<uchar> bytes;
    std::ifstream file(path_of(path), std::ios::binary);
    if (!is_file(path) || !file) throw Error(path + " cannot be opened. Check the path.");
    bytes.resize(static_cast<std::size_t>(std::filesystem::file_size(path_of(path), failed)));
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (failed || !file) throw Error(path + " cannot be read. Copy it again.");
    return bytes;
}

// SHA-256 by FIPS 180-4. Its constants are the first bits of the fractions of square and cube roots of
// the first primes.
class Sha256 {
public:
    Sha256() {
        std::size_t found = 0;
        for (int prime = 2; found < keys_.size(); ++prime) {
            int factor = 2;
            while (prime % factor != 0) ++factor;
            if (factor != prime) continue;
            if (found < sums_.size()) sums_.at(found) = fraction(std::sqrt(prime));
            keys_.at(found++) = fraction(std::cbrt(prime));
        }
    }

    // Return 64 hexadecimal digits.
    std::string digits_of(std::vector<uchar> bytes) {
        const std::uint64_t bits = static_cast<std::uint64_t>(bytes.size()) * 8;
        bytes.push_back(0x80);
        bytes.resize((bytes.size() + 8 + 63) / 64 * 64);
        for (std::size_t i = 0; i < 8; ++i) bytes[bytes.size() - 1 - i] = static_cast<uchar>(bits >> (8 * i));
        for (std::size_t at = 0; at < bytes.size(); at += 64) add(&bytes[at]);
        std::string digits;
        for (const std::uint32_t sum : sums_)
            for (int shift = 28; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(sum >> shift) & 15U];
        return digits;
    }

private:
    static std::uint32_t fraction(double root) {
        return static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0);
    }
    static std::uint32_t turn(std::uint32_t x, int by) { return (x >> by) | (x << (32 - by)); }

    void add(const uchar* block) {
        std::array<std::uint32_t, 64> w{};
        for (std::size_t i = 0; i < 64; ++i) w[i / 4] = (w[i / 4] << 8) | block[i];
        for (std::size_t i = 16; i < 64; ++i)
            w[i] = w[i - 16] + w[i - 7] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >> 3)) +
                   (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >> 10));
        std::array<std::uint32_t, 8> s = sums_;
        for (std::size_t i = 0; i < 64; ++i) {
            const std::uint32_t one = s[7] + (turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25)) +
                                      ((s[4] & s[5]) ^ (~s[4] & s[6])) + keys_[i] + w[i];
            const std::uint32_t two = (turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22)) +
                                      ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            s = {one + two, s[0], s[1], s[2], s[3] + one, s[4], s[5], s[6]};
        }
        for (std::size_t i = 0; i < s.size(); ++i) sums_[i] += s[i];
    }

    std::array<std::uint32_t, 8> sums_{};
    std::array<std::uint32_t, 64> keys_{};
};

}  // namespace keras2cv::@namespace@
