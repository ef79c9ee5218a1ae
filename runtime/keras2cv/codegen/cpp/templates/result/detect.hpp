struct Detection {
    int class_id = 0;
    float score = 0;
    cv::Vec4f box;  // left, top, right and bottom edge in pixels of the image
};

// Boxes around things.
struct Detections {
    cv::Size image;
    std::vector<Detection> detections;  // best first
    std::vector<std::string> labels;

    std::string label_of(int class_id) const;
};

using Result = Detections;

std::string to_line(const Detections& result);  // for people
std::string to_json(const Detections& result);  // as `keras2cv run --json`
cv::Mat draw(const Detections& result, const cv::Mat& image);  //@only drawn
