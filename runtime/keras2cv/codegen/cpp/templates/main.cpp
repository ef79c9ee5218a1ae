// Predict with a bundle made by keras2cv: OpenCV, and nothing else.

#include <algorithm>
#include <csignal>  //@only !inputs
#include <cstdlib>
#include <fstream>
#include <iostream>
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

#include "answer.hpp"
#include "json.hpp"
#include "manifest.hpp"
#include "model.hpp"
#include "placement.hpp"  //@only pixels
#include "prepare.hpp"  //@only !arrays
#include "sources.hpp"

static const char* const USAGE =
    "usage: predict BUNDLE @sources@ "
    "@options@";

struct Arguments {
    std::string bundle, device = "cpu";
    std::vector<std::string> sources;
    std::string save;  // where the picture or video goes, if anywhere  //@only !arrays
    std::string mask;  // where the classes of the pixels go, if anywhere  //@only mask
    std::size_t top = 3;  // how many classes to print  //@only top
    double score = -1;  // another threshold than the bundle's; below 0: the bundle's  //@only score
    bool json = false;
    bool show = false;  //@only !inputs
};

struct UsageError : Error {
    using Error::Error;
};

//@begin score
static double parse_share(const std::string& text) {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(value >= 0 && value <= 1))
        throw UsageError("--score must be 0 to 1, got " + text + ".");
    return value;
}

//@end
static Arguments parse_arguments(const std::vector<std::string>& words) {
    Arguments arguments;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool last = i + 1 == words.size();
        if (words[i] == "--json") {
            arguments.json = true;
        } else if (words[i] == "--show") {  //@only !inputs
            arguments.show = true;  //@only !inputs
        } else if (words[i] == "--device" && !last) {
            arguments.device = words[++i];
        } else if (words[i] == "--save" && !last) {  //@only !arrays
            arguments.save = words[++i];  //@only !arrays
        } else if (words[i] == "--mask" && !last) {  //@only mask
            arguments.mask = words[++i];  //@only mask
        } else if (words[i] == "--score" && !last) {  //@only score
            arguments.score = parse_share(words[++i]);  //@only score
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

//@end
//@begin !inputs
static volatile std::sig_atomic_t interrupted = 0;  // by Ctrl-C: the video that is written is finished

// Where pictures go: a file, a video, a window.
class Pictures {
public:
    explicit Pictures(const Arguments& arguments) : save_(arguments.save), show_(arguments.show) {
#ifndef HAVE_OPENCV_HIGHGUI
        if (show_) throw Error("This OpenCV " CV_VERSION " is built without windows. Use --save.");
#endif
#ifdef __linux__
        // Asked for here, since the windows' own library ends the process when there is none.
        if (show_ && !std::getenv("DISPLAY") && !std::getenv("WAYLAND_DISPLAY"))
            throw Error("There is no display for --show. Use --save.");
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
                throw Error(save_ + " cannot be written. Name an .avi in a folder that you may write to.");
        }
        writer_.write(picture);
    }

    std::string save_;
    bool show_;
    cv::VideoWriter writer_;
};

//@end
// The task as the bundle and the arguments say.
static Task task_of(const Manifest& manifest, const Arguments& arguments) {  //@only top score
static Task task_of(const Manifest& manifest) {  //@only !top !score
    Task task = read_task(manifest.task);
    task.top = arguments.top;  //@only top
    if (arguments.score >= 0 && !task.is_binary) throw UsageError("--score is for binary masks.");  //@only mask
    if (arguments.score >= 0) task.class_scores.clear();  //@only perclass
    if (arguments.score >= 0) task.score = static_cast<decltype(task.score)>(arguments.score);  //@only score
    return task;
}

//@begin !compared
static void print_answer(const Arguments& arguments, const std::string& name, const Answer& answer) {
    if (arguments.json) std::cout << "{\"source\": " << json_text(name) << ", " << to_json(answer) << "}\n";
    else std::cout << shown(name + ": " + to_line(answer)) << "\n";
}

//@end
//@begin compared
// Print the answer, and how far it is from the first one.
static void print_answer(const Arguments& arguments, const std::string& name, const Answer& answer) {
    static Answer first;
    static std::string first_name;
    std::string line = to_line(answer), json = to_json(answer);
    if (first_name.empty()) {
        first = answer;
        first_name = name;
    } else {
        const double distance = cosine_distance(answer, first);
        line += format(", %.4f from ", distance) + first_name;
        json += ", \"cosine_distance\": {\"to\": " + json_text(first_name) + ", \"value\": " +
                json_number(distance) + "}";
    }
    if (arguments.json) std::cout << "{\"source\": " << json_text(name) << ", " << json << "}\n";
    else std::cout << shown(name + ": " + line) << "\n";
}

//@end
static void predict(const Arguments& arguments) {
    const Manifest manifest = read_manifest(arguments.bundle, KIND);
    if (!manifest.verified)  // an export that compares writes vectors, whatever it finds
        std::cerr << (std::ifstream(arguments.bundle + "/selftest.npz")
                          ? "warning: the bundle is inconclusive: it was compared with TensorFlow, "
                            "and its outputs said too little to tell right from wrong.\n"
                          : "warning: the bundle is unverified: nobody compared it with "
                            "TensorFlow.\n");
    const Task task = task_of(manifest, arguments);  //@only top score
    const Task task = task_of(manifest);  //@only !top !score
    Model model(manifest, arguments.device);
//@begin !inputs
    Frames frames(arguments.sources);
    Pictures pictures(arguments);
    const std::size_t batch = static_cast<std::size_t>(manifest.batch);
    for (auto some = frames.next(batch); !some.empty() && !interrupted; some = frames.next(batch)) {
        std::vector<cv::Mat> images;
        for (const Frame& frame : some) images.push_back(frame.image);
        const cv::Mat blob = prepare(images, manifest.preprocessing, manifest.batch);
        const std::vector<Sample> samples = model.run({blob}, some.size());
        for (std::size_t i = 0; i < samples.size(); ++i) {
            const Answer answer = find_answer(samples[i], task);  //@only !pixels
            const Placement placement = place(images[i].size(), manifest.preprocessing);  //@only pixels
            const Answer answer = find_answer(samples[i], task, placement);  //@only pixels
            print_answer(arguments, some[i].name, answer);
            if (!arguments.mask.empty()) write_image(arguments.mask, to_mask(answer));  //@only mask
            if (pictures.are_wanted() && !pictures.take(draw(answer, images[i]), some[i])) return;
        }
    }
//@end
//@begin inputs
    const std::vector<Given> given = read_samples(arguments.sources, manifest);
    if (!arguments.save.empty() && given.size() > 1)  //@only photo
        throw UsageError("--save is for one sample, got " + std::to_string(given.size()) + ".");  //@only photo
    if (!arguments.mask.empty() && given.size() > 1)  //@only mask
        throw UsageError("--mask is for one sample, got " + std::to_string(given.size()) + ".");  //@only mask
    for (const Given& sample : given) {
        std::vector<cv::Mat> blobs;
        cv::Mat image;  //@only photo
        cv::Size size;  // of the input that is an image  //@only identity
        for (std::size_t i = 0; i < manifest.inputs.size(); ++i) {
            const Value& value = sample.values[i];
            const TensorSpec& input = manifest.inputs[i];
            if (value.image.empty()) {  //@only photo
                blobs.push_back(as_blob(value, input));  //@only photo
            } else {  //@only photo
                image = value.image;  //@only photo
                blobs.push_back(prepare({image}, manifest.preprocessing, manifest.batch));  //@only photo
            }  //@only photo
            blobs.push_back(as_blob(value, input));  //@only arrays
            if (input.layout == "NCHW") size = {input.net_shape[3], input.net_shape[2]};  //@only identity
        }
        const Sample outputs = model.run(blobs, 1)[0];
        const Answer answer = find_answer(outputs, task);  //@only !pixels
        const Answer answer = find_answer(outputs, task, place(image.size(), manifest.preprocessing));  //@only placed
        const Answer answer = find_answer(outputs, task, place(size));  //@only identity
        print_answer(arguments, sample.name, answer);
        if (!arguments.mask.empty()) write_image(arguments.mask, to_mask(answer));  //@only mask
        if (!arguments.save.empty()) write_image(arguments.save, draw(answer, image));  //@only photo
    }
//@end
}

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
