// Files by their names in UTF-8, on Windows too, and what was verified of them.
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
    const std::uintmax_t size = std::filesystem::file_size(path_of(path), failed);
    std::ifstream file(path_of(path), std::ios::binary);
    if (failed || !file) throw Error(path + " cannot be opened. Check the path.");
    std::vector<uchar> bytes(static_cast<std::size_t>(size));
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
    if (!file) throw Error(path + " cannot be read. Copy it again.");
    return bytes;
}

// SHA-256, by FIPS 180-4: its constants are the first bits of the fractions of the square and cube
// roots of the first primes.
class Sha256 {
public:
    Sha256() {
        std::size_t found = 0;
        for (int prime = 2; found < keys_.size(); ++prime) {
            int factor = 2;
            while (prime % factor != 0) ++factor;
            if (factor != prime) continue;
            if (found < state_.size()) state_.at(found) = fraction(std::sqrt(prime));
            keys_.at(found++) = fraction(std::cbrt(prime));
        }
    }

    // Return the 64 hexadecimal digits of the bytes.
    std::string digits(std::vector<uchar> bytes) {
        const std::uint64_t bits = static_cast<std::uint64_t>(bytes.size()) * 8;
        bytes.push_back(0x80);
        bytes.resize((bytes.size() + 8 + 63) / 64 * 64);
        for (std::size_t i = 0; i < 8; ++i) bytes[bytes.size() - 1 - i] = static_cast<uchar>(bits >> (8 * i));
        for (std::size_t at = 0; at < bytes.size(); at += 64) take(&bytes[at]);
        std::string digits;
        for (const std::uint32_t word : state_)
            for (int shift = 28; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(word >> shift) & 15U];
        return digits;
    }

private:
    static std::uint32_t fraction(double root) {
        return static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0);
    }
    static std::uint32_t turn(std::uint32_t x, int by) { return (x >> by) | (x << (32 - by)); }

    void take(const uchar* block) {
        std::array<std::uint32_t, 64> w{};
        for (std::size_t i = 0; i < 16; ++i)
            for (std::size_t k = 0; k < 4; ++k) w[i] = (w[i] << 8) | block[4 * i + k];
        for (std::size_t i = 16; i < 64; ++i) {
            const std::uint32_t a = w[i - 15], b = w[i - 2];
            w[i] = w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >> 3)) + w[i - 7] +
                   (turn(b, 17) ^ turn(b, 19) ^ (b >> 10));
        }
        std::array<std::uint32_t, 8> s = state_;
        for (std::size_t i = 0; i < 64; ++i) {
            const std::uint32_t e = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
            const std::uint32_t one = s[7] + e + ((s[4] & s[5]) ^ (~s[4] & s[6])) + keys_[i] + w[i];
            const std::uint32_t a = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
            const std::uint32_t two = a + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            s = {one + two, s[0], s[1], s[2], s[3] + one, s[4], s[5], s[6]};
        }
        for (std::size_t i = 0; i < s.size(); ++i) state_[i] += s[i];
    }

    std::array<std::uint32_t, 8> state_{};
    std::array<std::uint32_t, 64> keys_{};
};

}  // namespace keras2cv::@namespace@
