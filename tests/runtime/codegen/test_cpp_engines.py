"""`engines.hpp` asks an OpenCV for its engines, and compiles with OpenCVs that do not exist yet."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from keras2cv.codegen.template import fill, read_template

ROOT = Path(__file__).parents[3]
MOCK = ROOT / "tests/support/mock_opencv"
PROGRAM = """
#include <iostream>
#include <vector>
#include "engines.hpp"

using namespace keras2cv::any;

struct Source {
    std::string path = "model.onnx";
    bool is_onnx = true;
    std::vector<unsigned char> bytes = {1};
};

int main() {
    std::string problem;
    for (const Engine engine : {Engine::modern, Engine::classic}) {
        const cv::dnn::Net net = load_net(Source(), engine, problem);
        std::cout << (net.empty() ? "none" : net.is_modern() ? "modern" : "classic") << " ";
    }
}
"""


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
@pytest.mark.parametrize(
    ("opencv", "engines"),
    [
        ("-DVERSION_MAJOR=4 -DONE_ENGINE -DMODERN=0", "none classic"),
        ("-DVERSION_MAJOR=5 -DMODERN=2 -DCLASSIC=1", "modern classic"),
        ("-DVERSION_MAJOR=5 -DMODERN=2 -DCLASSIC=0", "modern none"),
        ("-DVERSION_MAJOR=5 -DMODERN=6 -DCLASSIC=5", "modern classic"),
        ("-DVERSION_MAJOR=5 -DMODERN=1 -DCLASSIC=2", "modern classic"),
        ("-DVERSION_MAJOR=5 -DONE_ENGINE -DMODERN=1", "modern none"),
    ],
    ids=["4", "5.0", "classic gone", "other numbers", "exchanged numbers", "no argument"],
)
def test_the_engines_of_any_opencv_are_found(opencv: str, engines: str, tmp_path: Path) -> None:
    """No constant is needed, nor that its readers take an engine."""
    (tmp_path / "main.cpp").write_text(PROGRAM, encoding="utf-8")
    header = fill(read_template("cpp", "engines.hpp"), (), {"namespace": "any"})
    (tmp_path / "engines.hpp").write_text(header, encoding="utf-8")
    program = tmp_path / "engines"
    strict = ["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]
    sources = [f"-I{MOCK}", str(tmp_path / "main.cpp"), "-o", str(program)]
    subprocess.run(
        ["g++", *strict, *opencv.split(), *sources],  # noqa: S607 - wherever it is
        check=True,
    )
    found = subprocess.run([program], check=True, capture_output=True, encoding="utf-8")
    assert found.stdout.split() == engines.split()
