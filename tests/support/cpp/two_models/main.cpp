// two_models CAT SHAPES ALTERED PICTURE WORDS
// A line for each thing that a user may do, with what comes of it.
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <opencv2/imgproc.hpp>

#include <keras2cv/cat.hpp>
#include <keras2cv/shapes.hpp>

namespace cat = keras2cv::cat;
namespace shapes = keras2cv::shapes;

static void report(const std::string& name, const std::string& text) {
    std::cout << name << "\t" << text << "\n";
}

static void report_error(const std::string& name, const std::function<void()>& attempt) {
    try {
        attempt();
        report(name, "nothing was thrown");
    } catch (const std::runtime_error& error) {
        report(name, error.what());
    }
}

// Call one predictor from many threads at once; return how many answers differ from the first.
template <typename Model>
static int differing(const Model& model, const cv::Mat& image) {
    const std::string expected = to_json(model.predict(image));
    std::vector<int> counts(4, 0);
    std::vector<std::thread> threads;
    for (int& count : counts)
        threads.emplace_back([&model, &image, &count, &expected] {
            const Model copy = model;
            for (int i = 0; i < 5; ++i) count += to_json((i % 2 ? copy : model).predict(image)) != expected;
        });
    for (std::thread& thread : threads) thread.join();
    return counts[0] + counts[1] + counts[2] + counts[3];
}

int main(int, char** words) {
    const std::string bundle = words[1], other = words[2], altered = words[3], picture = words[4];
    const cat::Predictor classifier(bundle);
    const shapes::Predictor detector(other);
    const cv::Mat image = cat::read_image(picture);
    report("classify", to_json(classifier.predict(image), 5));
    report("detect", to_json(detector.predict(image)));
    const cat::Classification result = classifier.predict(image);
    report("best", result.label() + " " + result.top(1)[0].label + " " + std::to_string(result.index()));
    report("differing", std::to_string(differing(classifier, image) + differing(detector, image)));

    cv::Mat gray, with_alpha, deep, stretched;
    cv::cvtColor(image, gray, cv::COLOR_BGR2GRAY);
    cv::cvtColor(image, with_alpha, cv::COLOR_BGR2BGRA);
    image.convertTo(deep, CV_16U, 256, 200);  // the upper byte counts
    cv::resize(image, stretched, cv::Size(31, 200));
    const std::vector<cat::Result> several = classifier.predict({gray, with_alpha, deep, stretched});
    for (const cat::Result& one : several) report("several", to_json(one, 5));
    report("part", to_json(classifier.predict(image(cv::Rect(3, 2, 30, 10))), 5));
    report("none", std::to_string(classifier.predict(std::vector<cv::Mat>{}).size()));
    report("drawn", std::to_string(draw(several[0], gray).channels() + draw(detector.predict(gray), gray).channels()));

    auto first = std::make_unique<cat::Predictor>(bundle);
    const cat::Predictor copy = *first;
    first.reset();
    report("copy", to_json(copy.predict(image), 5));

    shapes::Options options;
    options.score = 0.99;
    report("score", to_json(shapes::Predictor(other, options).predict(image)));
    report_error("missing", [&] { cat::Predictor nothing(bundle + "x"); });
    report_error("altered", [&] { cat::Predictor nothing(altered); });
    report_error("other task", [&] { cat::Predictor nothing(other); });
    report_error("device", [&] {
        cat::Options no_such;
        no_such.device = "tpu";
        cat::Predictor nothing(bundle, no_such);
    });
    report_error("high score", [&] {
        options.score = 1.5;
        shapes::Predictor nothing(other, options);
    });
    report_error("empty", [&] { classifier.predict(cv::Mat()); });
    report_error("floats", [&] { classifier.predict(cv::Mat(4, 4, CV_32FC3, cv::Scalar::all(0.5))); });
    report_error("another picture", [&] { draw(detector.predict(image), cv::Mat()); });
    report_error("words", [&] { cat::read_image(words[5]); });
    report_error("no file", [&] { cat::read_image(picture + "x"); });
}
