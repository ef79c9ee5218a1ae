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
        if (!model) model = std::make_unique<Model>(manifest, device_);
        std::vector<Sample> samples = model->run(blobs, count);
        const std::scoped_lock lock(mutex_);
        idle_.push_back(std::move(model));
        return samples;
    }

    const Manifest manifest;
    Task task;

private:
    // Return a net that no call is using, if there is one.
    std::unique_ptr<Model> take() {
        const std::scoped_lock lock(mutex_);
        if (idle_.empty()) return nullptr;
        std::unique_ptr<Model> model = std::move(idle_.back());
        idle_.pop_back();
        return model;
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

//@begin cliponly
Result Predictor::predict(const Clip& frames) const { return predict(std::vector<Clip>{frames})[0]; }

std::vector<Result> Predictor::predict(const std::vector<Clip>& clips) const try {
    const Preprocessing& rules = bundle_->manifest.preprocessing;
    std::vector<Result> results;
    for (std::size_t first = 0; first < clips.size(); first += batch()) {
        std::vector<Clip> part;
        for (std::size_t i = first; i < std::min(first + batch(), clips.size()); ++i)
            part.push_back(as_clip(clips[i], rules));
        const cv::Mat blob = prepare_clips(part, rules, bundle_->manifest.batch);
        const std::vector<Sample> samples = bundle_->run({blob}, part.size());
        for (std::size_t i = 0; i < part.size(); ++i)
            results.push_back(find_answer(samples[i], bundle_->task));  //@only !pixels
            results.push_back(find_answer(samples[i], bundle_->task, place(part[i].back().size(), rules)));  //@only pixels
    }
    return results;
} catch (const cv::Exception& error) {
    throw Error("OpenCV " CV_VERSION " failed: " + error.err + ". Run `keras2cv selftest` on the bundle.");
}

std::size_t Predictor::clip_frames() const {
    return static_cast<std::size_t>(bundle_->manifest.preprocessing.span());
}

std::size_t Predictor::clip_hop() const {
    return static_cast<std::size_t>(bundle_->manifest.preprocessing.hop);
}

//@end
//@begin !inputs !clips
Result Predictor::predict(const cv::Mat& image) const { return predict(std::vector<cv::Mat>{image})[0]; }

std::vector<Result> Predictor::predict(const std::vector<cv::Mat>& images) const try {
    const Preprocessing& rules = bundle_->manifest.preprocessing;
    std::vector<Result> results;
    for (std::size_t first = 0; first < images.size(); first += batch()) {
        std::vector<cv::Mat> part;
        for (std::size_t i = first; i < std::min(first + batch(), images.size()); ++i)
            part.push_back(as_bgr(images[i]));  //@only !deep !bands
            part.push_back(as_picture(images[i], rules));  //@only deep bands
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
        std::vector<cv::Mat> images;  // of the (first) input that takes some  //@only placed
        cv::Size size;  // of the input that is an image  //@only identity
        for (const TensorSpec& input : manifest.inputs) {
//@begin clips
            const Preprocessing* rules = rules_of(manifest, input.name);
            if (rules != nullptr && rules->is_clip) {
                std::vector<Clip> clips;
                for (const Clip& frames : values_of<Clip>(input, manifest, &samples[first], count))
                    clips.push_back(as_clip(frames, *rules));
                blobs.push_back(prepare_clips(clips, *rules, manifest.batch));
                if (rules == &manifest.preprocessing)  //@only placed
                    for (const Clip& clip : clips) images.push_back(clip.back());  //@only placed
                continue;
            }
            const std::vector<cv::Mat> given = values_of<cv::Mat>(input, manifest, &samples[first], count);
//@end
            const std::vector<cv::Mat> given = values_of(input, manifest, &samples[first], count);  //@only !clips
//@begin photo
            if (rules != nullptr) {  //@only clips
            if (const Preprocessing* rules = rules_of(manifest, input.name)) {  //@only !clips
                std::vector<cv::Mat> pixels;
                for (const cv::Mat& image : given)
                    pixels.push_back(as_bgr(image));  //@only !deep !bands
                    pixels.push_back(as_picture(image, *rules));  //@only deep bands
                blobs.push_back(prepare(pixels, *rules, manifest.batch));
                if (rules == &manifest.preprocessing) images = pixels;  //@only placed
                continue;
            }
//@end
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
//@begin clips

std::size_t Predictor::clip_frames(const std::string& input) const {
    const Preprocessing* rules = rules_of(bundle_->manifest, input);
    return rules != nullptr && rules->is_clip ? static_cast<std::size_t>(rules->span()) : 0;
}
//@end
//@begin pictures

std::vector<std::string> Predictor::image_inputs() const {
    std::vector<std::string> names;
    for (const TensorSpec& input : bundle_->manifest.inputs)
        if (rules_of(bundle_->manifest, input.name) != nullptr) names.push_back(input.name);
    return names;
}
//@end

//@end
//@begin !arrays
// Return the image in a file, decoded by these flags of cv::imread.
inline cv::Mat decode(const std::string& path, int flags) {
    const std::vector<uchar> bytes = read_bytes(path);
    cv::Mat image;
    try {
        if (!bytes.empty()) image = cv::imdecode(bytes, flags);
    } catch (const cv::Exception&) {
        // A size beyond OpenCV's limits, or a decoder that gave up: an empty image says as much.
    }
    if (image.empty())
        throw Error("OpenCV " CV_VERSION " cannot decode " + path + " as an image. If a viewer opens "
                    "it, save it as .png there.");
    return image;
}

cv::Mat read_image(const std::string& path) { return decode(path, cv::IMREAD_COLOR); }
//@begin deep bands

cv::Mat Predictor::read_image(const std::string& path, const std::string& input) const {  //@only inputs
cv::Mat Predictor::read_image(const std::string& path) const {  //@only !inputs
    const Preprocessing* found = rules_of(bundle_->manifest, input);  //@only inputs
    if (found == nullptr) throw Error("Input " + input + " takes no images. Give it an array.");  //@only inputs
    const Preprocessing& rules = *found;  //@only inputs
    const Preprocessing& rules = bundle_->manifest.preprocessing;  //@only !inputs
    if (rules.color == "RGB" || rules.color == "BGR" || rules.color == "GRAY")
        return decode(path, cv::IMREAD_COLOR);  //@only !deep
        return decode(path, rules.is_deep ? cv::IMREAD_COLOR | cv::IMREAD_ANYDEPTH : cv::IMREAD_COLOR);  //@only deep
    cv::Mat image = decode(path, cv::IMREAD_UNCHANGED);
    if (rules.color == "CHANNELS" && image.channels() == 4) cv::cvtColor(image, image, cv::COLOR_BGRA2RGBA);
    return image;
}
//@end
//@begin bands

cv::Mat Predictor::drawable(const cv::Mat& image) const {
    if (bundle_->manifest.preprocessing.color != "CHANNELS") return as_bgr(image);
    std::vector<cv::Mat> planes;
    cv::split(image, planes);
    if (planes.size() < 3) return as_bgr(planes[0]);
    cv::Mat picture;
    cv::merge(std::vector<cv::Mat>{planes[2], planes[1], planes[0]}, picture);
    return as_bgr(picture);
}
//@end

//@end
}  // namespace keras2cv::@namespace@
