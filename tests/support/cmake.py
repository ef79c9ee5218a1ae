"""C++ built with CMake and the distribution's OpenCV, or with that of KERAS2CV_OPENCV_DIR.

KERAS2CV_OPENCV_DIR is the folder that holds its OpenCVConfig.cmake.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

_FIND_OPENCV = """\
cmake_minimum_required(VERSION 3.10)
project(find LANGUAGES CXX)
find_package(OpenCV REQUIRED COMPONENTS core imgproc imgcodecs dnn)
message(STATUS "headers: ${OpenCV_INCLUDE_DIRS}")
"""

# OpenCV's headers, which take longer than the code that includes them.
_HEADERS = "".join(
    f"#include <opencv2/{name}.hpp>\n"
    for name in ("core", "dnn", "imgcodecs", "imgproc", "videoio")
)
STRICT = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror"


def cmake(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run CMake, its output and errors in one."""
    return subprocess.run(
        ["cmake", *arguments],  # noqa: S607 - wherever the machine has it
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
    )


def require_opencv(folder: Path) -> None:
    """Skip the test where a tool is missing; fail it if CI=true. Works in `folder`."""
    if lacking := _missing_tool(folder):
        needed = f"{lacking}. apt install cmake g++ libopencv-dev"
        if os.environ.get("CI") == "true":
            pytest.fail(needed)
        pytest.skip(needed)


def build(folder: Path, *flags: str) -> None:
    """Configure and compile the folder's project into its folder `build`, without a warning."""
    target = str(folder / "build")
    for arguments in (
        ("-S", str(folder), "-B", target, "-DCMAKE_BUILD_TYPE=Debug", *_opencv(), *flags),
        ("--build", target, "--config", "Release"),
    ):
        done = cmake(*arguments)
        assert done.returncode == 0, done.stdout
        assert "warning" not in done.stdout.lower()


def precompile(folder: Path) -> str:
    """Compile OpenCV's headers in `folder`, for libraries and programs; return `build`'s flag."""
    header, include = folder / "opencv.hpp", folder / "include.cmake"
    header.write_text(_HEADERS, encoding="utf-8")
    include.write_text(f"add_compile_options(-include {header})\n", encoding="utf-8")
    (folder / "opencv.hpp.gch").mkdir()
    for code in ("-fPIC", "-fno-PIC"):
        command = ["g++", "-g", code, *header_flags(folder / "find")]
        target = folder / "opencv.hpp.gch" / code.strip("-")
        done = subprocess.run(
            [*command, "-x", "c++-header", str(header), "-o", str(target)],
            check=False,
            capture_output=True,
        )
        if done.returncode != 0:  # another compiler, or OpenCV elsewhere: builds take longer
            return "-DCMAKE_EXPORT_COMPILE_COMMANDS=OFF"
    return f"-DCMAKE_PROJECT_INCLUDE={include}"


def _opencv() -> tuple[str, ...]:
    """Return the flag that names another OpenCV than the distribution's, if one is to be used."""
    folder = os.environ.get("KERAS2CV_OPENCV_DIR")
    return (f"-DOpenCV_DIR={folder}",) if folder else ()


def _find_opencv(folder: Path) -> subprocess.CompletedProcess[str]:
    """Let CMake find OpenCV, in `folder`; it prints where its headers are."""
    folder.mkdir(exist_ok=True)
    (folder / "CMakeLists.txt").write_text(_FIND_OPENCV, encoding="utf-8")
    return cmake("-S", str(folder), "-B", str(folder / "build"), *_opencv())


def header_flags(folder: Path) -> list[str]:
    """Return the flags by which compilers find OpenCV's headers. Works in `folder`."""
    found = re.search(r"^-- headers: (.+)$", _find_opencv(folder).stdout, re.MULTILINE)
    assert found is not None
    return [word for place in found[1].split(";") for word in ("-isystem", place)]


def _missing_tool(folder: Path) -> str | None:
    if shutil.which("cmake") is None:
        return "there is no cmake"
    found = _find_opencv(folder)
    if found.returncode == 0:
        return None
    return f"CMake finds no C++ compiler, or no OpenCV for it:\n{found.stdout}"
