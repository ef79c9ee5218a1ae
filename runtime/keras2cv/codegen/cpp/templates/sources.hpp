//@begin !inputs
// From files, cameras and URLs to images.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>

#include "manifest.hpp"

//@end
//@begin inputs
// From NAME=FILE arguments to samples, each with something for every input.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>  //@only photo

#include "manifest.hpp"

//@end
//@begin !arrays
// Return the image, BGR and uint8, upright as its camera says.
inline cv::Mat read_image(const std::string& path) {
    if (!std::ifstream(path)) throw Error(path + " cannot be opened. Check the path.");
    cv::Mat image;
    try {
        image = cv::imread(path, cv::IMREAD_COLOR);
    } catch (const cv::Exception&) {
        // A size beyond OpenCV's limits, or a decoder that gave up: an empty image says as much.
    }
    if (image.empty())
        throw Error("OpenCV " CV_VERSION " cannot decode " + path + " as an image. If a viewer opens "
                    "it, save it as .png there.");
    if (std::max(image.cols, image.rows) > 32767)
        throw Error(path + " has a side of more than 32767 pixels. Make it smaller.");
    return image;
}

//@end
//@begin !inputs
inline bool has_ending(const std::string& name, const std::vector<std::string>& endings) {
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return std::any_of(endings.begin(), endings.end(), [&](const std::string& ending) {
        return lower.size() > ending.size() &&
               lower.compare(lower.size() - ending.size(), ending.size(), ending) == 0;
    });
}

inline bool is_video_file(const std::string& name) {
    return has_ending(name, {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"});
}

inline bool is_camera(const std::string& name) {
    return !name.empty() && name.size() < 4 && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return std::isdigit(c) != 0;
    });
}

inline bool is_video(const std::string& name) {
    return is_camera(name) || is_video_file(name) || name.find("://") != std::string::npos;
}

// rtsp://user:word@host/path -> rtsp://host/path, which may be printed.
inline std::string without_password(const std::string& source) {
    const std::size_t host = source.find("://"), path = source.find('/', host + 3);
    const std::size_t at = source.rfind('@', path);
    if (host == std::string::npos || at == std::string::npos || at < host) return source;
    return source.substr(0, host + 3) + source.substr(at + 1);
}

// An image, with a name that no other has: "photo.jpg", or of a video "clip.mp4:000012".
struct Frame {
    std::string name;
    cv::Mat image;
    double fps;  // of its video, 25 if it says none; 0 for a photo
};

// Every image of every source, one after the other.
class Frames {
public:
    explicit Frames(const std::vector<std::string>& sources) : sources_(sources) {}

    // Return the next ones, at most `most`; none at the end.
    std::vector<Frame> next(std::size_t most) {
        std::vector<Frame> frames;
        while (frames.size() < most && (video_.isOpened() || at_ < sources_.size())) {
            const std::string& source = sources_[video_.isOpened() ? at_ - 1 : at_++];
            if (!is_video(source)) frames.push_back({source, read_image(source), 0});
            else if (video_.isOpened() || open(source)) read_video(source, frames);
        }
        return frames;
    }

private:
    bool open(const std::string& source) {
        count_ = 0;
        const bool opened = is_camera(source) ? video_.open(std::stoi(source)) : video_.open(source);
        if (!opened)
            throw Error("OpenCV " CV_VERSION " cannot open " + without_password(source) +
                        " as a video. Check that it is there, and that this OpenCV is built for it.");
        return opened;
    }

    void read_video(const std::string& source, std::vector<Frame>& frames) {
        cv::Mat image;
        if (video_.read(image) && !image.empty()) {
            char number[16];
            std::snprintf(number, sizeof number, ":%06d", count_++);
            const double fps = video_.get(cv::CAP_PROP_FPS);
            frames.push_back({without_password(source) + number, image, fps > 0 && fps < 1000 ? fps : 25});
            return;
        }
        video_.release();
        const std::string name = without_password(source);
        if (count_ == 0) throw Error("OpenCV " CV_VERSION " cannot decode a single frame of " + name + ".");
        if (!is_video_file(source))
            throw Error(name + " stopped after " + std::to_string(count_) + " frames. Check that it is "
                        "connected.");
    }

    std::vector<std::string> sources_;
    std::size_t at_ = 0;
    cv::VideoCapture video_;
    int count_ = 0;  // frames of the video so far
};
//@end
//@begin inputs
// What an input is given: an image's pixels, or the numbers of a .npy file, float32.  //@only photo
// What an input is given: the numbers of a .npy file, float32.  //@only arrays
struct Value {
    cv::Mat image;  //@only photo
    std::vector<int> shape;
    std::vector<float> numbers;
};

// The first bytes of numbers in the formats that NumPy writes, by the type in the file's header.
template <typename T>
inline std::vector<float> as_numbers(const std::vector<char>& bytes, std::size_t count) {
    std::vector<T> values(count);
    std::memcpy(values.data(), bytes.data(), count * sizeof(T));
    return {values.begin(), values.end()};
}

// Return the array of a .npy file, by numpy.lib.format: a magic word, two bytes of version, the
// length of the header, the header (a Python dictionary), the numbers.
inline Value read_npy(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(path + " cannot be opened. Check the path.");
    std::array<unsigned char, 12> start{};
    file.read(reinterpret_cast<char*>(start.data()), 10);
    std::size_t length = start[8] + 256u * start[9];
    if (start[6] > 1) {
        file.read(reinterpret_cast<char*>(start.data()) + 10, 2);
        length += 65536u * start[10];
    }
    std::string header(length, ' ');
    file.read(&header[0], static_cast<std::streamsize>(length));
    const auto quoted = [&](const std::string& key) {
        const std::size_t at = header.find("'" + key + "':");
        return at == std::string::npos ? std::string() : header.substr(at + key.size() + 3);
    };
    const std::string type = quoted("descr").substr(0, 6), sizes = quoted("shape");
    const bool plain = quoted("fortran_order").substr(0, 6) == " False";
    if (!file || std::memcmp(start.data(), "\x93NUMPY", 6) != 0 || !plain || type.size() < 6)
        throw Error(path + " is no .npy file in C order. Write it with np.save.");

    Value value;
    for (std::size_t at = sizes.find('(') + 1; at < sizes.size() && sizes[at] != ')'; ++at) {
        if (sizes[at] < '0' || sizes[at] > '9') continue;
        std::size_t digits = 0;
        value.shape.push_back(std::stoi(sizes.substr(at, 9), &digits));
        at += digits - 1;
    }
    const std::size_t count = product(value.shape), size = static_cast<std::size_t>(type[4] - '0');
    std::vector<char> bytes(count * std::min<std::size_t>(size, 8));
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file) throw Error(path + " is cut off. Copy it again.");
    const std::string kind = type.substr(3, 2);
    if (kind == "f4") value.numbers = as_numbers<float>(bytes, count);
    else if (kind == "f8") value.numbers = as_numbers<double>(bytes, count);
    else if (kind == "u1" || kind == "b1") value.numbers = as_numbers<std::uint8_t>(bytes, count);
    else if (kind == "i4") value.numbers = as_numbers<std::int32_t>(bytes, count);
    else if (kind == "i8") value.numbers = as_numbers<std::int64_t>(bytes, count);
    else throw Error(path + " holds numbers of type " + kind + ". Convert them to float32.");
    return value;
}

// A sample: its name, and for each input in the model's order what it is given.
struct Given {
    std::string name;
    std::vector<Value> values;
};

// Return the samples that NAME=FILE words give; a name that comes again begins the next sample.
inline std::vector<std::map<std::string, std::string>> split_samples(
    const std::vector<std::string>& words, std::vector<std::string>& names) {
    std::vector<std::map<std::string, std::string>> samples;
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos || equals == 0)
            throw Error(word + " is not NAME=FILE. Give each input a file.");
        const std::string name = word.substr(0, equals);
        if (samples.empty() || samples.back().count(name) != 0) {
            samples.emplace_back();
            names.emplace_back();
        }
        samples.back()[name] = word.substr(equals + 1);
        names.back() += (names.back().empty() ? "" : " ") + word;
    }
    return samples;
}

// Read the files of all samples.
inline std::vector<Given> read_samples(const std::vector<std::string>& words, const Manifest& manifest) {
    std::vector<std::string> names;
    const auto samples = split_samples(words, names);
    std::vector<Given> read;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        read.push_back({names[i], {}});
        for (const TensorSpec& input : manifest.inputs) {
            const auto file = samples[i].find(input.name);
            if (file == samples[i].end())
                throw Error("Input " + input.name + " has no file in " + names[i] + ". Add " +
                            input.name + "=FILE.");
            Value value;
            if (input.name == manifest.preprocessing.input) value.image = read_image(file->second);  //@only photo
            else value = read_npy(file->second);  //@only photo
            value = read_npy(file->second);  //@only arrays
            read.back().values.push_back(value);
        }
        if (samples[i].size() != manifest.inputs.size())
            throw Error(names[i] + " names an input that the model does not have.");
    }
    return read;
}

// Return one sample's numbers as a whole batch for the net: channels before the other axes, and the
// same sample again and again.
inline cv::Mat as_blob(const Value& value, const TensorSpec& input) {
    std::vector<int> shape(input.keras_shape.begin() + 1, input.keras_shape.end());
    std::vector<int> with_batch = shape;
    with_batch.insert(with_batch.begin(), 1);
    if (value.shape != shape && value.shape != with_batch) {
        std::string sizes;
        for (const int size : shape) sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
        throw Error("Input " + input.name + " takes one sample of shape (" + sizes + "), and the file "
                    "holds another. Save it so.");
    }
    cv::Mat blob(input.net_shape, CV_32F);
    const std::size_t size = value.numbers.size();
    const std::size_t channels = input.layout == "same" ? 1 : static_cast<std::size_t>(shape.back());
    float* target = blob.ptr<float>();
    for (int n = 0; n < input.net_shape[0]; ++n)
        for (std::size_t c = 0; c < channels; ++c)
            for (std::size_t i = c; i < size; i += channels) *target++ = value.numbers[i];
    return blob;
}
//@end
