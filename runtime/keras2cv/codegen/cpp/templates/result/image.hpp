// An image that the model made of the image.
struct ImageResult {
    cv::Mat image;     // BGR, uint8, without a letterbox's bars, of the size that the net gives
    cv::Size visible;  // of the part of the image that it was made of
};

using Result = ImageResult;

std::string to_line(const ImageResult& result);  // for people
std::string to_json(const ImageResult& result);  // as `keras2cv run --json`
cv::Mat draw(const ImageResult& result, const cv::Mat& image);  // in the shape of what went in  //@only !arrays
