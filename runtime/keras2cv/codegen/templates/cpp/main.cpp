// Predict images with a bundle made by keras2cv: OpenCV, and nothing else.

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include "answer.hpp"
#include "drawing.hpp"
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"

static const char* const USAGE = "usage: predict BUNDLE IMAGE... @options@";

struct Arguments {
    std::string bundle, save;  // save: where the picture goes, if anywhere
    std::vector<std::string> images;
    std::size_t top = 3;  // how many classes to print  //@only classify
    bool json = false;
};

struct UsageError : Error {
    using Error::Error;
};

static Arguments parse_arguments(const std::vector<std::string>& words) {
    Arguments arguments;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool last = i + 1 == words.size();
        if (words[i] == "--json") {
            arguments.json = true;
        } else if (words[i] == "--save" && !last) {
            arguments.save = words[++i];
        } else if (words[i] == "--top" && !last) {  //@only classify
            const long top = std::strtol(words[++i].c_str(), nullptr, 10);  //@only classify
            if (top < 1) throw UsageError("--top must be a number from 1 on, got " + words[i] + ".");  //@only classify
            arguments.top = static_cast<std::size_t>(top);  //@only classify
        } else if (words[i].compare(0, 2, "--") == 0) {
            throw UsageError(words[i] + " is no option of this program, or lacks its value.");
        } else {
            names.push_back(words[i]);
        }
    }
    if (names.size() < 2) throw UsageError("A bundle and an image are needed.");
    if (!arguments.save.empty() && names.size() > 2)
        throw UsageError("--save is for one image, got " + std::to_string(names.size() - 1) + ".");
    arguments.bundle = names[0];
    arguments.images.assign(names.begin() + 1, names.end());
    return arguments;
}

// Return the image, BGR and uint8, upright as its camera says.
static cv::Mat read_image(const std::string& path) {
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

static void write_image(const std::string& path, const cv::Mat& image) {
    bool written = false;
    try {
        written = cv::imwrite(path, image);
    } catch (const cv::Exception&) {
        // OpenCV has no encoder for the name's ending.
    }
    if (!written)
        throw Error(path + " cannot be written. Name a .png in a folder that you may write to.");
}

static void predict(const Arguments& arguments) {
    const Manifest manifest = read_manifest(arguments.bundle, KIND);
    if (!manifest.verified)
        std::cerr << "warning: the bundle is unverified: nobody compared it with TensorFlow.\n";
    Model model(manifest);
    const std::size_t count = arguments.images.size();
    const std::size_t batch = static_cast<std::size_t>(manifest.batch);
    for (std::size_t start = 0; start < count; start += batch) {
        std::vector<cv::Mat> images;
        for (std::size_t i = start; i < std::min(start + batch, count); ++i)
            images.push_back(read_image(arguments.images[i]));
        const std::vector<Sample> samples = model.run(images);
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const std::string& name = arguments.images[start + i];
            const Answer answer = make_answer(samples[i], manifest.task, arguments.top);  //@only classify
            const Answer answer = make_answer(samples[i], manifest.task);  //@only binary regress raw
            if (arguments.json)
                std::cout << "{\"source\": " << json_text(name) << ", " << answer.json << "}\n";
            else
                std::cout << name << ": " << answer.line << "\n";
            if (!arguments.save.empty())
                write_image(arguments.save, caption(images[i], answer.caption));
        }
    }
}

int main(int argc, char** argv) {
    // What OpenCV prints before it throws would only repeat what is said below.
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    cv::redirectError([](int, const char*, const char*, const char*, int, void*) { return 0; });
    try {
        predict(parse_arguments({argv + 1, argv + argc}));
        return 0;
    } catch (const UsageError& error) {
        std::cerr << "error: " << error.what() << "\n" << USAGE << "\n";
        return 2;
    } catch (const cv::Exception& error) {
        std::cerr << "error: OpenCV " CV_VERSION " failed: " << error.err
                  << ". Run `keras2cv selftest` on the bundle.\n";
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << "\n";
    }
    return 1;
}
