// Every output as it is, in Keras' order.
struct RawOutputs {
    std::vector<Tensor> outputs;
};

using Result = RawOutputs;

std::string to_line(const RawOutputs& result);  // for people
std::string to_json(const RawOutputs& result);  // as `keras2cv run --json`
cv::Mat draw(const RawOutputs& result, const cv::Mat& image);  //@only drawn
