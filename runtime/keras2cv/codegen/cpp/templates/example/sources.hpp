//@begin !inputs
// From files, cameras and URLs to images.
#pragma once

#include <algorithm>
#include <array>  //@only bands
#include <cctype>
#include <cstdint>  //@only bands
#include <cstdio>
#include <cstring>  //@only bands
#include <fstream>  //@only bands
#include <string>
#include <utility>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>

#include <keras2cv/@namespace@.hpp>

//@end
//@begin inputs
// From NAME=FILE arguments to samples, each with something for every input.
#pragma once

#include <algorithm>  //@only pictures
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/videoio.hpp>  //@only clips

#include <keras2cv/@namespace@.hpp>

//@end
namespace model = keras2cv::@namespace@;

//@begin inputs bands
// The first bytes of numbers in the formats that NumPy writes, by the type in the file's header.
template <typename T>
inline std::vector<float> as_numbers(const std::vector<char>& bytes, std::size_t count) {
    std::vector<T> values(count);
    std::memcpy(values.data(), bytes.data(), count * sizeof(T));
    return {values.begin(), values.end()};
}

// Return the array of a .npy file as float32, by numpy.lib.format: a magic word, two bytes of
// version, the length of the header, the header (a Python dictionary), the numbers.
inline cv::Mat read_npy(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw model::Error(path + " cannot be opened. Check the path.");
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
        throw model::Error(path + " is no .npy file in C order. Write it with np.save.");

    std::vector<int> shape;
    std::size_t count = 1;
    for (std::size_t at = sizes.find('(') + 1; at < sizes.size() && sizes[at] != ')'; ++at) {
        if (sizes[at] < '0' || sizes[at] > '9') continue;
        std::size_t digits = 0;
        shape.push_back(std::stoi(sizes.substr(at, 9), &digits));
        count *= static_cast<std::size_t>(shape.back());
        at += digits - 1;
    }
    while (shape.size() < 2) shape.insert(shape.begin(), 1);  // cv::Mat has two axes or more
    const auto size = static_cast<std::size_t>(type[4] - '0');
    std::vector<char> bytes(count * std::min<std::size_t>(size, 8));
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file) throw model::Error(path + " is cut off. Copy it again.");
    const std::string kind = type.substr(3, 2);
    std::vector<float> numbers;
    if (kind == "f4") numbers = as_numbers<float>(bytes, count);
    else if (kind == "f8") numbers = as_numbers<double>(bytes, count);
    else if (kind == "u1" || kind == "b1") numbers = as_numbers<std::uint8_t>(bytes, count);
    else if (kind == "u2") numbers = as_numbers<std::uint16_t>(bytes, count);
    else if (kind == "i4") numbers = as_numbers<std::int32_t>(bytes, count);
    else if (kind == "i8") numbers = as_numbers<std::int64_t>(bytes, count);
    else throw model::Error(path + " holds numbers of type " + kind + ". Convert them to float32.");
    const cv::Mat array = cv::Mat(shape, CV_32F, numbers.data()).clone();
    if ((kind != "u1" && kind != "u2") || shape.size() != 3) return array;  //@only bands
    cv::Mat image;  // (H, W, C)  //@only bands
    array.reshape(shape[2], 2, shape.data()).convertTo(image, kind == "u1" ? CV_8U : CV_16U);  //@only bands
    return image;  //@only bands
    return array;  //@only !bands
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
    std::string video = {};  // its name; none for a photo  //@only clips
    int number = 0;          // in the video  //@only clips
};

// Every image of every source, one after the other.
class Frames {
public:
    explicit Frames(std::vector<std::string> sources) : sources_(std::move(sources)) {}  //@only !deep !bands
//@begin deep bands
    Frames(std::vector<std::string> sources, const model::Predictor& predictor)
        : sources_(std::move(sources)), predictor_(predictor) {}
//@end

    // Return the next ones, at most `most`; none at the end.
    std::vector<Frame> next(std::size_t most) {
        std::vector<Frame> frames;
        while (frames.size() < most && (video_.isOpened() || at_ < sources_.size())) {
            const std::string& source = sources_[video_.isOpened() ? at_ - 1 : at_++];
            if (!is_video(source)) frames.push_back({source, model::read_image(source), 0});  //@only !deep !bands
            if (!is_video(source)) frames.push_back({source, predictor_.read_image(source), 0});  //@only deep !bands
            if (has_ending(source, {".npy"})) frames.push_back({source, read_npy(source), 0});  //@only bands
            else if (!is_video(source)) frames.push_back({source, predictor_.read_image(source), 0});  //@only bands
            else if (video_.isOpened() || open(source)) read_video(source, frames);
        }
        return frames;
    }

private:
    bool open(const std::string& source) {
        count_ = 0;
        const bool opened = is_camera(source) ? video_.open(std::stoi(source)) : video_.open(source);
        if (!opened)
            throw model::Error("OpenCV " CV_VERSION " cannot open " + without_password(source) +
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
            frames.back().video = without_password(source);  //@only clips
            frames.back().number = count_ - 1;  //@only clips
            return;
        }
        video_.release();
        const std::string name = without_password(source);
        if (count_ == 0)
            throw model::Error("OpenCV " CV_VERSION " cannot decode a single frame of " + name + ".");
        if (!is_video_file(source))
            throw model::Error(name + " stopped after " + std::to_string(count_) + " frames. Check that it "
                               "is connected.");
    }

    std::vector<std::string> sources_;
    model::Predictor predictor_;  //@only deep bands
    std::size_t at_ = 0;
    cv::VideoCapture video_;
    int count_ = 0;  // frames of the video so far
};
//@begin cliponly

// The clips in the frames of videos, and of photos that follow each other.
class Clips {
public:
    Clips(std::size_t span, std::size_t hop) : span_(span), hop_(hop) {}

    // Take a frame; return whether `frames()` are a clip now.
    bool take(const Frame& frame) {
        if (!frames_.empty() && frames_.back().video != frame.video) finish();
        frames_.push_back(frame);
        if (frames_.size() > span_) frames_.erase(frames_.begin());
        if (++count_ < span_ || (count_ - span_) % hop_ != 0) return false;
        ++found_;
        return true;
    }

    // The frames of one video, or of photos, end here.
    void finish() {
        if (count_ > 0 && found_ == 0)
            throw model::Error("A clip covers " + std::to_string(span_) + " frames, and from " +
                               frames_.front().name + " on there are " + std::to_string(count_) +
                               ". Give a longer one.");
        frames_.clear();
        count_ = found_ = 0;
    }

    // "clip.mp4:000000-000012", or of photos "a.png..c.png".
    std::string name() const {
        const Frame &first = frames_.front(), &last = frames_.back();
        const std::string file = last.name.substr(last.name.find_last_of("/\\") + 1);
        if (first.video.empty()) return first.name + ".." + file;
        char number[16];
        std::snprintf(number, sizeof number, "-%06d", last.number);
        return first.name + number;
    }

    const std::vector<Frame>& frames() const { return frames_; }  // the last ones

private:
    std::vector<Frame> frames_;
    std::size_t span_, hop_, count_ = 0, found_ = 0;
};
//@end
//@end
//@begin inputs
// Return the samples that NAME=FILE words give; a name that comes again begins the next sample.
inline std::vector<std::map<std::string, std::string>> split_samples(
    const std::vector<std::string>& words, std::vector<std::string>& names) {
    std::vector<std::map<std::string, std::string>> samples;
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos || equals == 0)
            throw model::Error(word + " is not NAME=FILE. Give each input a file.");
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

//@begin clips
// Return the frames of the first clip in a video, or in images that a pattern such as frame%03d.png names.
inline model::Clip read_clip(const std::string& file, std::size_t count) {
    const bool is_pattern = file.find('%') != std::string::npos;
    cv::VideoCapture video(file, is_pattern ? cv::CAP_IMAGES : cv::CAP_ANY);
    if (!video.isOpened())
        throw model::Error("OpenCV " CV_VERSION " cannot open " + file + " as a video. Check that it is "
                           "there, and that this OpenCV is built for it.");
    model::Clip frames;
    cv::Mat frame;
    while (frames.size() < count && video.read(frame) && !frame.empty()) frames.push_back(frame.clone());
    if (frames.size() < count)
        throw model::Error("A clip covers " + std::to_string(count) + " frames, and " + file + " has only " +
                           std::to_string(frames.size()) + ". Give a longer one.");
    return frames;
}

//@end
//@begin photo
// Return the image or the array in a file, as an input takes it.
inline cv::Mat read_input(const std::string& file, const std::string& name,
                          const model::Predictor& predictor) {
    const bool is_image = name == predictor.image_input();  //@only photo !pictures
    const std::vector<std::string> images = predictor.image_inputs();  //@only pictures
    const bool is_image = std::find(images.begin(), images.end(), name) != images.end();  //@only pictures
    if (!is_image) return read_npy(file);
    if (file.size() > 4 && file.compare(file.size() - 4, 4, ".npy") == 0) return read_npy(file);  //@only bands
    return predictor.read_image(file, name);  //@only deep bands
    return model::read_image(file);  //@only !deep !bands
}

//@end
// Return what the words of each sample name, and in `names` the words.
inline std::vector<model::Inputs> read_samples(const std::vector<std::string>& words,
                                               const model::Predictor& predictor,
                                               std::vector<std::string>& names) {
    std::vector<model::Inputs> read;
    for (const auto& files : split_samples(words, names)) {
        model::Inputs sample;
        for (const auto& [name, file] : files)
            if (const std::size_t count = predictor.clip_frames(name)) sample[name] = read_clip(file, count);  //@only clips
            else sample[name] = read_input(file, name, predictor);  //@only clips
            sample[name] = read_input(file, name, predictor);  //@only photo !clips
            sample[name] = read_npy(file);  //@only arrays
        for (const std::string& name : predictor.input_names())
            if (sample.count(name) == 0)
                throw model::Error("Input " + name + " has no file in " + names[read.size()] + ". Add " +
                                   name + "=FILE.");
        read.push_back(sample);
    }
    return read;
}
//@end
