constexpr int UNSEEN = -1;  // pixels that a center-crop cut off

// How many pixels of the image a class has.
struct Area {
    int class_id = 0, pixels = 0;
};

// A class for every pixel.
struct Segmentation {
    cv::Mat classes;  // int32, one per pixel of the image
    bool is_binary = false;
    std::vector<std::string> labels;

    std::string label_of(int class_id) const;
    std::vector<Area> areas() const;  // of the classes that are there, the largest first
    cv::Mat mask() const;  // gray, a class per pixel, 255 where UNSEEN; of 16 bits where there are more
};

using Result = Segmentation;

std::string to_line(const Segmentation& result);  // for people
std::string to_json(const Segmentation& result);  // as `keras2cv run --json`
cv::Mat draw(const Segmentation& result, const cv::Mat& image);  //@only drawn
