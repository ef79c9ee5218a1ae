// @title@ with OpenCV and nothing else.
#pragma once

#include <array>  //@only rotated
#include <cstddef>
#include <map>  //@only inputs
#include <memory>
#include <optional>  //@only score
#include <stdexcept>
#include <string>
#include <variant>  //@only clipbeside
#include <vector>

#include <opencv2/core.hpp>

namespace keras2cv::@namespace@ {

// Something is wrong with the bundle, an image or the device: what, where, and what to do.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

//@begin nested
// An array that the model gives for one sample; values are in C order.
struct Tensor {
    std::string name, dtype;
    std::vector<int> shape;
    std::vector<float> values;
};

//@end
@result@
// How a model is loaded.
struct Options {
    std::string device = "cpu";  // or "opencl", "cuda", "cuda-fp16"
    std::optional<double> score;  // another threshold than the bundle's, 0 to 1  //@only score
};

//@begin clips
// The frames of a clip: as many of a video as it covers, one after the other.
using Clip = std::vector<cv::Mat>;

//@end
//@begin inputs
// One sample: for each input, by its name, an array of the input's shape, without the batch; any  //@only arrays
// numbers, channels last.  //@only arrays
// One sample: for each input, by its name, the image, or an array of the input's shape, without the  //@only photo !clips
// batch; any numbers, channels last.  //@only photo !clips
// One sample: for each input, by its name, the image, the frames of a clip, or an array of the input's  //@only clips
// shape, without the batch; any numbers, channels last.  //@only clips
using Inputs = std::map<std::string, cv::Mat>;  //@only !clips
using Inputs = std::map<std::string, std::variant<cv::Mat, Clip>>;  //@only clips

//@end
// A model that is ready to run. It and its copies may be used by any number of threads at once: each
// call has a net for itself, and a net is loaded whenever more calls run at once than ever before.
class Predictor {
public:
    // Load the bundle in a folder, whose path is UTF-8. Throws Error if it is missing, altered or too
    // new, or if this machine lacks the device.
    explicit Predictor(const std::string& folder, const Options& options = {});

//@begin cliponly
    // Return the answer for a clip, whose `clip_frames()` frames are as cv::imread gives images: of any size,
    // but the same one. Throws Error if they are fewer or more, or OpenCV fails.
    Result predict(const Clip& frames) const;

    // Return an answer for each clip, `batch()` of them at a time.
    std::vector<Result> predict(const std::vector<Clip>& clips) const;

    std::size_t clip_frames() const;  // of a video that a clip covers
    std::size_t clip_hop() const;     // frames after which the next clip of a video begins

//@end
//@begin !inputs !clips
    // Return the answer for an image of any size, as cv::imread gives it: BGR, gray or BGRA, in 8 or 16  //@only !bands
    // bits. Throws Error if it is none, or OpenCV fails.  //@only !bands
    // Return the answer for an image of any size, with as many channels as the model takes, in 8 or 16  //@only bands
    // bits. Throws Error if it is none, or OpenCV fails.  //@only bands
    Result predict(const cv::Mat& image) const;

    // Return an answer for each image, `batch()` of them at a time.
    std::vector<Result> predict(const std::vector<cv::Mat>& images) const;

//@end
//@begin inputs
    // Return the answer for a sample. Throws Error if it lacks an input or one does not fit, or OpenCV
    // fails.
    Result predict(const Inputs& sample) const;

    // Return an answer for each sample, `batch()` of them at a time.
    std::vector<Result> predict(const std::vector<Inputs>& samples) const;

    std::vector<std::string> input_names() const;
    std::string image_input() const;  // the one that takes an image  //@only photo !pictures
    std::string image_input() const;  // the first one that takes an image: answers are drawn on it  //@only pictures
    std::vector<std::string> image_inputs() const;  //@only pictures
    // Frames of a video that a clip for an input covers; 0 if it takes no clips.  //@only clips
    std::size_t clip_frames(const std::string& input) const;  //@only clips
//@end
//@begin deep bands
    // Return the image in a file as an input takes it: with 16 bits, or with all of its channels.
    cv::Mat read_image(const std::string& path) const;  //@only !inputs
    cv::Mat read_image(const std::string& path, const std::string& input) const;  //@only inputs

//@end
//@begin bands
    // Return what answers are drawn on: BGR of an image of other channels, the first of which are red, green
    // and blue.
    cv::Mat drawable(const cv::Mat& image) const;

//@end
    std::size_t batch() const;  // samples in a run of the net

    // Return why nobody knows whether the model predicts what it was trained for; "" if it does.
    std::string doubt() const;

private:
    class Bundle;
    std::shared_ptr<Bundle> bundle_;
};

//@begin !arrays
// Return the image in a file, BGR, upright as its camera says; the path is UTF-8. Throws Error if
// OpenCV cannot decode it.
cv::Mat read_image(const std::string& path);

//@end
}  // namespace keras2cv::@namespace@
