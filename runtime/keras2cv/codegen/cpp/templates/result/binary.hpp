// Yes or no.
struct BinaryResult {
    double probability = 0;  // of yes
    std::vector<std::string> labels;
    double threshold = 0.5;

    bool is_positive() const { return probability >= threshold; }
    std::string label() const { return labels[is_positive() ? 1 : 0]; }
    double score() const { return is_positive() ? probability : 1 - probability; }  // of the answer
};

using Result = BinaryResult;

std::string to_line(const BinaryResult& result);  // for people
std::string to_json(const BinaryResult& result);  // as `keras2cv run --json`
cv::Mat draw(const BinaryResult& result, const cv::Mat& image);  //@only drawn
