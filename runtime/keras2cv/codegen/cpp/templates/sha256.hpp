// SHA-256 by FIPS 180-4.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace keras2cv::@namespace@ {

class Sha256 {
public:
    // Return the digest of some bytes as 64 hexadecimal digits.
    static std::string digits_of(std::vector<unsigned char> bytes) {
        const std::uint64_t bits = static_cast<std::uint64_t>(bytes.size()) * 8;
        bytes.push_back(0x80);
        bytes.resize((bytes.size() + 8 + 63) / 64 * 64);
        for (std::size_t i = 0; i < 8; ++i)
            bytes[bytes.size() - 1 - i] = static_cast<unsigned char>(bits >> (8 * i));
        Sha256 sha;
        for (std::size_t at = 0; at < bytes.size(); at += 64) sha.add(&bytes[at]);
        std::string digits;
        for (const std::uint32_t sum : sha.sums_)
            for (int shift = 28; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(sum >> shift) & 15U];
        return digits;
    }

private:
    // The constants are the first bits of the fractions of square and cube roots of the first primes.
    Sha256() {
        std::size_t found = 0;
        for (int number = 2; found < keys_.size(); ++number) {
            int factor = 2;
            while (number % factor != 0) ++factor;
            if (factor != number) continue;
            if (found < sums_.size()) sums_.at(found) = fraction(std::sqrt(number));
            keys_.at(found++) = fraction(std::cbrt(number));
        }
    }

    static std::uint32_t fraction(double root) {
        return static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0);
    }

    static std::uint32_t turn(std::uint32_t x, int by) { return (x >> by) | (x << (32 - by)); }

    // Take 64 bytes.
    void add(const unsigned char* block) {
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
