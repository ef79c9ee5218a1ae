// A vector that is near another for images that are alike.
struct Embedding {
    std::vector<float> vector;

    double length() const;
    double cosine_distance(const Embedding& other) const;  // 0 (same direction) to 2
};

using Result = Embedding;

std::string to_line(const Embedding& result);  // for people
std::string to_json(const Embedding& result);  // as `keras2cv run --json`
cv::Mat draw(const Embedding& result, const cv::Mat& image);  //@only drawn
