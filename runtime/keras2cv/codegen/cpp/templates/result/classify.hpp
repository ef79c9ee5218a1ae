// A class, and the model's score for it.
struct Scored {
    std::string label;
    std::size_t index = 0;
    float score = 0;
};

// One of many classes.
struct Classification {
    std::vector<float> scores;       // one per class
    std::vector<std::size_t> order;  // the numbers of the classes, best first
    std::vector<std::string> labels;
    std::vector<double> thresholds;  // one per class, or none

    std::string label_of(std::size_t i) const { return i < labels.size() ? labels[i] : std::to_string(i); }
    std::size_t index() const { return order[0]; }
    bool is_known() const { return thresholds.empty() || score() > thresholds[index()]; }
    std::string label() const { return is_known() ? label_of(index()) : "unknown"; }
    float score() const { return scores[index()]; }
    std::vector<Scored> top(std::size_t count) const;  // the best classes
};

using Result = Classification;

std::string to_line(const Classification& result, std::size_t top = 3);  // for people
std::string to_json(const Classification& result, std::size_t top = 3);  // as `keras2cv run --json`
cv::Mat draw(const Classification& result, const cv::Mat& image);  //@only drawn
