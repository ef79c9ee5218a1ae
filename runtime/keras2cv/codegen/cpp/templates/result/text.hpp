struct Character {
    std::string text;
    double score = 0;                // at its surest step
    std::size_t first = 0, end = 0;  // its steps
};

struct TextPath {
    std::string text;
    double score = 0;
};

// A line of text, read by CTC.
struct TextResult {
    std::vector<TextPath> paths;  // best first
    std::vector<Character> characters;
    std::size_t steps = 0;

    const std::string& text() const { return paths[0].text; }
    double score() const { return paths[0].score; }
};

using Result = TextResult;

std::string to_line(const TextResult& result);  // for people
std::string to_json(const TextResult& result);  // as `keras2cv run --json`
cv::Mat draw(const TextResult& result, const cv::Mat& image);  //@only drawn
