// From images to answers.  //@only !arrays
// From arrays to answers.  //@only arrays
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include <opencv2/imgcodecs.hpp>  //@only !arrays

#include "answer.hpp"
#include "inputs.hpp"  //@only inputs
#include "prepare.hpp"  //@only !arrays

namespace keras2cv::@namespace@ {

// What a Predictor and its copies share: the bundle, and the nets that no call is using.
class Predictor::Bundle {
public:
    Bundle(const std::string& folder, const Options& options)
        : manifest(read_manifest(folder)), task(read_task(manifest.task)), device_(options.device) {
        if (options.score) set_score(*options.score);  //@only score
        idle_.push_back(std::make_unique<Model>(manifest, device_));
    }

    // Run a batch, by a net that no other call has meanwhile.
    std::vector<Sample> run(const std::vector<cv::Mat>& blobs, std::size_t count) {
        std::unique_ptr<Model> model = take();
        std::vector<Sample> samples = model->run(blobs, count);
        const std::scoped_lock lock(mutex_);
        idle_.push_back(std::move(model));
        return samples;
    }

    const Manifest manifest;
    Task task;

private:
    std::unique_ptr<Model> take() {
        {
            const std::scoped_lock lock(mutex_);
            if (!idle_.empty()) {
                std::unique_ptr<Model> model = std::move(idle_.back());
                idle_.pop_back();
                return model;
            }
        }
        return std::make_unique<Model>(manifest, device_);
    }

//@begin score
    void set_score(double score) {
        if (!(score >= 0 && score <= 1)) throw Error("A score must be 0 to 1, got " + format("%g.", score));
        if (!task.is_binary) throw Error("A score is for binary masks, and this model has several classes.");  //@only mask
        task.class_scores.clear();  //@only perclass
        task.score = static_cast<decltype(task.score)>(score);
    }

//@end
    const std::string device_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Model>> idle_;
};

Predictor::Predictor(const std::string& folder, const Options& options)
    : bundle_(std::make_shared<Bundle>(folder, options)) {}

std::size_t Predictor::batch() const { return static_cast<std::size_t>(bundle_->manifest.batch); }

std::string Predictor::doubt() const {
    if (bundle_->manifest.verified) return "";
    // An export that compares writes vectors, whatever it finds.
    if (is_file(bundle_->manifest.folder + "/selftest.npz"))
        return "the bundle is inconclusive: it was compared with TensorFlow, and its outputs said too "
               "little to tell right from wrong.";
    return "the bundle is unverified: nobody compared it with TensorFlow.";
}

//@begin !inputs
Result Predictor::predict(const cv::Mat& image) const { return predict(std::vector<cv::Mat>{image})[0]; }

std::vector<Result> Predictor::predict(const std::vector<cv::Mat>& images) const try {
    const Preprocessing& rules = bundle_->manifest.preprocessing;
    std::vector<Result> results;
    for (std::size_t first = 0; first < images.size(); first += batch()) {
        std::vector<cv::Mat> part;
        for (std::size_t i = first; i < std::min(first + batch(), images.size()); ++i)
            part.push_back(as_bgr(images[i]));
        const cv::Mat blob = prepare(part, rules, bundle_->manifest.batch);
        const std::vector<Sample> samples = bundle_->run({blob}, part.size());
        for (std::size_t i = 0; i < part.size(); ++i)
            results.push_back(find_answer(samples[i], bundle_->task));  //@only !pixels
            results.push_back(find_answer(samples[i], bundle_->task, place(part[i].size(), rules)));  //@only pixels
    }
    return results;
} catch (const cv::Exception& error) {
    throw Error("OpenCV " CV_VERSION " failed: " + error.err + ". Run `keras2cv selftest` on the bundle.");
}

//@end
//@begin inputs
Result Predictor::predict(const Inputs& sample) const { return predict(std::vector<Inputs>{sample})[0]; }

std::vector<Result> Predictor::predict(const std::vector<Inputs>& samples) const try {
    const Manifest& manifest = bundle_->manifest;
    std::vector<Result> results;
    for (std::size_t first = 0; first < samples.size(); first += batch()) {
        const std::size_t count = std::min(batch(), samples.size() - first);
        std::vector<cv::Mat> blobs;
        std::vector<cv::Mat> images;  //@only photo
        cv::Size size;  // of the input that is an image  //@only identity
        for (const TensorSpec& input : manifest.inputs) {
            const std::vector<cv::Mat> given = values_of(input, manifest, &samples[first], count);
            if (input.name == manifest.preprocessing.input) {  //@only photo
                for (const cv::Mat& image : given) images.push_back(as_bgr(image));  //@only photo
                blobs.push_back(prepare(images, manifest.preprocessing, manifest.batch));  //@only photo
                continue;  //@only photo
            }  //@only photo
            blobs.push_back(as_blob(given, input));
            if (input.layout == "NCHW") size = {input.net_shape[3], input.net_shape[2]};  //@only identity
        }
        const std::vector<Sample> outputs = bundle_->run(blobs, count);
        for (std::size_t i = 0; i < count; ++i)
            results.push_back(find_answer(outputs[i], bundle_->task));  //@only !pixels
            results.push_back(find_answer(outputs[i], bundle_->task,  //@only placed
                                          place(images[i].size(), manifest.preprocessing)));  //@only placed
            results.push_back(find_answer(outputs[i], bundle_->task, place(size)));  //@only identity
    }
    return results;
} catch (const cv::Exception& error) {
    throw Error("OpenCV " CV_VERSION " failed: " + error.err + ". Run `keras2cv selftest` on the bundle.");
}

std::vector<std::string> Predictor::input_names() const {
    std::vector<std::string> names;
    for (const TensorSpec& input : bundle_->manifest.inputs) names.push_back(input.name);
    return names;
}

std::string Predictor::image_input() const { return bundle_->manifest.preprocessing.input; }  //@only photo

//@end
//@begin !arrays
cv::Mat read_image(const std::string& path) {
    const std::vector<uchar> bytes = read_bytes(path);
    cv::Mat image;
    try {
        if (!bytes.empty()) image = cv::imdecode(bytes, cv::IMREAD_COLOR);
    } catch (const cv::Exception&) {
        // A size beyond OpenCV's limits, or a decoder that gave up: an empty image says as much.
    }
    if (image.empty())
        throw Error("OpenCV " CV_VERSION " cannot decode " + path + " as an image. If a viewer opens "
                    "it, save it as .png there.");
    return image;
}

//@end
}  // namespace keras2cv::@namespace@
