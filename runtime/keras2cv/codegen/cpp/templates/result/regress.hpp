// Numbers.
struct Regression {
    Tensor values;
    std::vector<std::string> labels;  // one per value; empty if the bundle has none
};

using Result = Regression;

std::string to_line(const Regression& result);  // for people
std::string to_json(const Regression& result);  // as `keras2cv run --json`
cv::Mat draw(const Regression& result, const cv::Mat& image);  //@only drawn
