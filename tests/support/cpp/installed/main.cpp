// installed BUNDLE PICTURE
#include <iostream>

#include <keras2cv/cat.hpp>

int main(int, char** words) {
    const keras2cv::cat::Predictor model(words[1]);
    std::cout << to_json(model.predict(keras2cv::cat::read_image(words[2]))) << "\n";
}
