// Predict images, videos and cameras by the library.  //@only !inputs
// Predict samples of several inputs by the library.  //@only inputs

#include <algorithm>
#include <csignal>  //@only !inputs
#include <cstdlib>
#include <iomanip>  //@only compared
#include <iostream>
#include <sstream>  //@only compared
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>  //@only writes
//@begin !inputs
#include <opencv2/opencv_modules.hpp>
#include <opencv2/videoio.hpp>
#ifdef HAVE_OPENCV_HIGHGUI
#include <opencv2/highgui.hpp>
#endif
//@end

#include <keras2cv/@namespace@.hpp>

#include "sources.hpp"
#include "terminal.hpp"

namespace {

const char* const USAGE =
    "usage: predict BUNDLE @sources@ "
    "@options@";

struct Arguments {
    std::string bundle;
    model::Options options;
    std::vector<std::string> sources;
    std::string save;  // where the picture or video goes, if anywhere  //@only !arrays
    std::string mask;  // where the classes of the pixels go, if anywhere  //@only mask
    std::size_t top = 3;  // how many classes to print  //@only top
    bool json = false;
    bool show = false;  //@only !inputs
};

struct UsageError : model::Error {
    using model::Error::Error;
};

//@begin score
double parse_share(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(value >= 0 && value <= 1))
        throw UsageError("--score must be 0 to 1, got " + text + ".");
    return value;
}

//@end
Arguments parse_arguments(const std::vector<std::string>& words) {
    Arguments arguments;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool last = i + 1 == words.size();
        if (words[i] == "--json") {
            arguments.json = true;
        } else if (words[i] == "--show") {  //@only !inputs
            arguments.show = true;  //@only !inputs
        } else if (words[i] == "--device" && !last) {
            arguments.options.device = words[++i];
        } else if (words[i] == "--save" && !last) {  //@only !arrays
            arguments.save = words[++i];  //@only !arrays
        } else if (words[i] == "--mask" && !last) {  //@only mask
            arguments.mask = words[++i];  //@only mask
        } else if (words[i] == "--score" && !last) {  //@only score
            arguments.options.score = parse_share(words[++i]);  //@only score
        } else if (words[i] == "--top" && !last) {  //@only top
            const long top = std::strtol(words[++i].c_str(), nullptr, 10);  //@only top
            if (top < 1) throw UsageError("--top must be a number from 1 on, got " + words[i] + ".");  //@only top
            arguments.top = static_cast<std::size_t>(top);  //@only top
        } else if (words[i].compare(0, 2, "--") == 0) {
            throw UsageError(words[i] + " is no option of this program, or lacks its value.");
        } else {
            names.push_back(words[i]);
        }
    }
    if (names.size() < 2) throw UsageError("A bundle and something to predict are needed.");
    arguments.bundle = names[0];
    arguments.sources.assign(names.begin() + 1, names.end());
    if (!arguments.save.empty() && arguments.sources.size() > 1)  //@only !inputs
        throw UsageError("--save is for one source, got " + std::to_string(arguments.sources.size()) + ".");  //@only !inputs
    if (!arguments.save.empty() && is_video(arguments.sources[0]) != is_video_file(arguments.save))  //@only !inputs
        throw UsageError("--save must name a video for a video, and a picture for an image.");  //@only !inputs
    if (!arguments.mask.empty() && (arguments.sources.size() > 1 || is_video(arguments.sources[0])))  //@only mask !inputs
        throw UsageError("--mask is for one image.");  //@only mask !inputs
    return arguments;
}

//@begin writes
void write_image(const std::string& path, const cv::Mat& image) {
    bool written = false;
    try {
        written = cv::imwrite(path, image);
    } catch (const cv::Exception&) {
        // OpenCV has no encoder for the name's ending.
    }
    if (!written)
        throw model::Error(path + " cannot be written. Name a .png in a folder that you may write to.");
}

//@end
//@begin !inputs
volatile std::sig_atomic_t interrupted = 0;  // by Ctrl-C: the video that is written is finished

// Where pictures go: a file, a video, a window.
class Pictures {
public:
    explicit Pictures(const Arguments& arguments) : save_(arguments.save), show_(arguments.show) {
#ifndef HAVE_OPENCV_HIGHGUI
        if (show_) throw model::Error("This OpenCV " CV_VERSION " is built without windows. Use --save.");
#endif
#ifdef __linux__
        // Asked for here, since the windows' own library ends the process when there is none.
        if (show_ && !std::getenv("DISPLAY") && !std::getenv("WAYLAND_DISPLAY"))
            throw model::Error("There is no display for --show. Use --save.");
#endif
    }

    bool are_wanted() const { return show_ || !save_.empty(); }

    // Take the picture of a frame; return whether to go on.
    bool take(const cv::Mat& picture, const Frame& frame) {
        if (!save_.empty() && is_video_file(save_)) write(picture, frame.fps);
        else if (!save_.empty()) write_image(save_, picture);
#ifdef HAVE_OPENCV_HIGHGUI
        if (show_) {
            cv::imshow("predict", picture);
            const int key = cv::waitKey(frame.fps > 0 ? 1 : 0) & 0xFF;  // a photo waits for a key
            return key != 'q' && key != 27;
        }
#endif
        return true;
    }

private:
    void write(const cv::Mat& picture, double fps) {
        if (!writer_.isOpened()) {
            const bool is_avi = has_ending(save_, {".avi"});
            const int codec = is_avi ? cv::VideoWriter::fourcc('M', 'J', 'P', 'G')
                                     : cv::VideoWriter::fourcc('m', 'p', '4', 'v');
            writer_.open(save_, codec, fps > 0 ? fps : 25, picture.size());
            if (!writer_.isOpened())
                throw model::Error(save_ + " cannot be written. Name an .avi in a folder that you may "
                                   "write to.");
        }
        writer_.write(picture);
    }

    std::string save_;
    bool show_;
    cv::VideoWriter writer_;
};

//@end
//@begin !compared
void print_result(const Arguments& arguments, const std::string& name, const model::Result& result) {
    if (!arguments.json) {
        std::cout << shown(name + ": " + to_line(result)) << "\n";  //@only !top
        std::cout << shown(name + ": " + to_line(result, arguments.top)) << "\n";  //@only top
        return;
    }
    const std::string json = to_json(result);  //@only !top
    const std::string json = to_json(result, arguments.top);  //@only top
    std::cout << "{\"source\": " << quoted(name) << ", " << json.substr(1) << "\n";
}

//@end
//@begin compared
// Print the answer, and how far it is from the first one.
void print_result(const Arguments& arguments, const std::string& name, const model::Result& result) {
    static model::Result first;
    static std::string first_name;
    std::string line = to_line(result), json = to_json(result);
    if (first_name.empty()) {
        first = result;
        first_name = name;
    } else {
        std::ostringstream line_end, json_end;
        const double distance = result.cosine_distance(first);
        line_end << ", " << std::fixed << std::setprecision(4) << distance << " from " << first_name;
        json_end << ", \"cosine_distance\": {\"to\": " << quoted(first_name) << ", \"value\": "
                 << std::setprecision(9) << distance << "}}";
        line += line_end.str();
        json = json.substr(0, json.size() - 1) + json_end.str();
    }
    if (arguments.json) std::cout << "{\"source\": " << quoted(name) << ", " << json.substr(1) << "\n";
    else std::cout << shown(name + ": " + line) << "\n";
}

//@end
void predict(const Arguments& arguments) {
    const model::Predictor predictor(arguments.bundle, arguments.options);
    if (!predictor.doubt().empty()) std::cerr << "warning: " << predictor.doubt() << "\n";
//@begin !inputs
    Frames frames(arguments.sources);  //@only !deep !bands
    Frames frames(arguments.sources, predictor);  //@only deep bands
    Pictures pictures(arguments);
//@begin clips
    Clips clips(predictor.clip_frames(), predictor.clip_hop());
    for (auto some = frames.next(1); !some.empty() && !interrupted; some = frames.next(1)) {
        if (!clips.take(some[0])) continue;
        model::Clip clip;
        for (const Frame& frame : clips.frames()) clip.push_back(frame.image);
        const model::Result result = predictor.predict(clip);
        print_result(arguments, clips.name(), result);
        if (!arguments.mask.empty()) write_image(arguments.mask, result.mask());  //@only mask
        if (!pictures.are_wanted()) continue;
        const cv::Mat& image = clip.back();  //@only !bands
        const cv::Mat image = predictor.drawable(clip.back());  //@only bands
        if (!pictures.take(draw(result, image), some[0])) return;
    }
    if (!interrupted) clips.finish();
//@end
//@begin !clips
    for (auto some = frames.next(predictor.batch()); !some.empty() && !interrupted;
         some = frames.next(predictor.batch())) {
        std::vector<cv::Mat> images;
        for (const Frame& frame : some) images.push_back(frame.image);
        const std::vector<model::Result> results = predictor.predict(images);
        for (std::size_t i = 0; i < results.size(); ++i) {
            print_result(arguments, some[i].name, results[i]);
            if (!arguments.mask.empty()) write_image(arguments.mask, results[i].mask());  //@only mask
            if (pictures.are_wanted() && !pictures.take(draw(results[i], images[i]), some[i])) return;  //@only !bands
            if (!pictures.are_wanted()) continue;  //@only bands
            if (!pictures.take(draw(results[i], predictor.drawable(images[i])), some[i])) return;  //@only bands
        }
    }
//@end
//@end
//@begin inputs
    std::vector<std::string> names;
    const std::vector<model::Inputs> samples = read_samples(arguments.sources, predictor, names);
    if (!arguments.save.empty() && samples.size() > 1)  //@only photo
        throw UsageError("--save is for one sample, got " + std::to_string(samples.size()) + ".");  //@only photo
    if (!arguments.mask.empty() && samples.size() > 1)  //@only mask
        throw UsageError("--mask is for one sample, got " + std::to_string(samples.size()) + ".");  //@only mask
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const model::Result result = predictor.predict(samples[i]);
        print_result(arguments, names[i], result);
        if (!arguments.mask.empty()) write_image(arguments.mask, result.mask());  //@only mask
//@begin photo
        if (arguments.save.empty()) continue;
        const cv::Mat image = samples[i].at(predictor.image_input());  //@only !bands !clips
        const cv::Mat image = predictor.drawable(samples[i].at(predictor.image_input()));  //@only bands !clips
//@begin clips
        const auto& shown = samples[i].at(predictor.image_input());
        const auto* clip = std::get_if<model::Clip>(&shown);
        const cv::Mat image = clip != nullptr ? clip->back() : std::get<cv::Mat>(shown);  //@only !bands
        const cv::Mat image = predictor.drawable(clip != nullptr ? clip->back() : std::get<cv::Mat>(shown));  //@only bands
//@end
        write_image(arguments.save, draw(result, image));
//@end
    }
//@end
}

}  // namespace

int main(int argc, char** argv) {
    // What OpenCV prints before it throws would only repeat what is said below.
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    cv::redirectError([](int, const char*, const char*, const char*, int, void*) { return 0; });
    std::signal(SIGINT, [](int) { interrupted = 1; });  //@only !inputs
    try {
        predict(parse_arguments({argv + 1, argv + argc}));
        return interrupted ? 130 : 0;  //@only !inputs
        return 0;  //@only inputs
    } catch (const UsageError& error) {
        std::cerr << "error: " << shown(error.what()) << "\n" << USAGE << "\n";
        return 2;
    } catch (const cv::Exception& error) {
        std::cerr << "error: OpenCV " CV_VERSION " failed: " << shown(error.err)
                  << ". Run `keras2cv selftest` on the bundle.\n";
    } catch (const std::exception& error) {
        std::cerr << "error: " << shown(error.what()) << "\n";
    }
    return 1;
}
