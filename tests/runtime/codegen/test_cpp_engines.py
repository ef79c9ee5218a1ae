"""`engines.hpp` asks an OpenCV for its engines, and compiles with OpenCVs that do not exist yet."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HEADERS = ROOT / "runtime/keras2cv/codegen/cpp/templates"
MOCK = ROOT / "tests/support/mock_opencv"
PROGRAM = """
#include <iostream>
#include "engines.hpp"

int main() {
    std::cout << number_of(Engine::modern) << " " << number_of(Engine::classic);
    return std::ifstream(SCRATCH "/graph.onnx").good() ? 1 : 0;
}
"""
NO_ENGINE = "-1"


@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no g++")
@pytest.mark.parametrize(
    ("opencv", "engines"),
    [
        ("-DVERSION_MAJOR=4 -DONE_ENGINE -DMODERN=0", f"{NO_ENGINE} 1"),
        ("-DVERSION_MAJOR=5 -DMODERN=2 -DCLASSIC=1", "2 1"),
        ("-DVERSION_MAJOR=5 -DMODERN=2 -DCLASSIC=0", f"2 {NO_ENGINE}"),
        ("-DVERSION_MAJOR=5 -DMODERN=6 -DCLASSIC=5", "6 5"),
        ("-DVERSION_MAJOR=5 -DMODERN=1 -DCLASSIC=2", "1 2"),
        ("-DVERSION_MAJOR=5 -DONE_ENGINE -DMODERN=1", f"2 {NO_ENGINE}"),
    ],
    ids=["4", "5.0", "classic gone", "other numbers", "exchanged numbers", "no argument"],
)
def test_the_engines_of_any_opencv_are_found(opencv: str, engines: str, tmp_path: Path) -> None:
    """No constant is needed, nor that readNet takes an engine; the graph's file is removed."""
    (tmp_path / "main.cpp").write_text(PROGRAM, encoding="utf-8")
    program, scratch = tmp_path / "engines", f'-DSCRATCH="{tmp_path.as_posix()}"'
    strict = ["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
    sources = [f"-I{HEADERS}", f"-I{MOCK}", str(tmp_path / "main.cpp"), "-o", str(program)]
    subprocess.run(
        ["g++", *strict, *opencv.split(), scratch, *sources],  # noqa: S607 - wherever it is
        check=True,
    )
    found = subprocess.run([program], check=True, capture_output=True, encoding="utf-8")
    assert found.stdout == engines
