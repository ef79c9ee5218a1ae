struct Keypoint {
    cv::Vec2f xy;     // pixels of the image
    float score = 1;  // 1 where the model gives none
};

// Points of one figure: joints, corners, features of a face.
struct Keypoints {
    cv::Size image;
    std::vector<Keypoint> points;
    bool has_scores = false;
    double threshold = 0;       // points above it are drawn
    std::vector<int> skeleton;  // numbers of points that a line joins, in pairs
    std::vector<std::string> labels;

    std::string label_of(std::size_t i) const { return labels.empty() ? std::to_string(i) : labels[i]; }
    bool is_shown(std::size_t i) const {
        return !has_scores || points[i].score > static_cast<float>(threshold);
    }
};

using Result = Keypoints;

std::string to_line(const Keypoints& result);  // for people
std::string to_json(const Keypoints& result);  // as `keras2cv run --json`
cv::Mat draw(const Keypoints& result, const cv::Mat& image);  //@only drawn
