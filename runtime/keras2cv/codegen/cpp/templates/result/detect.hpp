//@begin masks
// The mask of one object, of which nothing lies outside of a part of the image.
struct Mask {
    cv::Mat pixels;  // uint8: 255 for those of the object, else 0
    cv::Point at;    // the part's first pixel

    cv::Mat on_image(cv::Size image) const;  // uint8 of the whole image
};

//@end
//@begin boxpoints
struct Keypoint {
    cv::Vec2f xy;     // pixels of the image
    float score = 1;  // 1 where the model gives none
};

//@end
struct Detection {
    int class_id = 0;
    float score = 0;
    cv::Vec4f box;  // left, top, right and bottom edge in pixels of the image
    Mask mask;  //@only masks
    std::vector<Keypoint> points;  // as many for each box  //@only boxpoints
    std::array<cv::Point2f, 4> polygon;  // the corners of the turned box, around which `box` is  //@only rotated
    float angle = 0;  // of the side from the first corner to the second: degrees, clockwise  //@only rotated
};

// Boxes around things.
struct Detections {
    cv::Size image;
    std::vector<Detection> detections;  // best first
    std::vector<std::string> labels;
//@begin boxpoints
    std::vector<std::string> point_labels;
    std::vector<int> skeleton;   // numbers of points that a line joins, in pairs
    double point_threshold = 0;  // points above it are drawn
    bool points_have_scores = false;
//@end

    std::string label_of(int class_id) const;
//@begin boxpoints
    bool is_shown(const Keypoint& point) const {
        return !points_have_scores || point.score > static_cast<float>(point_threshold);
    }
//@end
};

using Result = Detections;

std::string to_line(const Detections& result);  // for people
std::string to_json(const Detections& result);  // as `keras2cv run --json`
cv::Mat draw(const Detections& result, const cv::Mat& image);  //@only drawn
