"""The C++ library in other people's projects: two in one program, threads, faults, CMake."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import keras2cv
from keras2cv.codegen import generate
from support.cmake import STRICT, build, cmake, header_flags, require_opencv
from support.golden import CASES
from support.pixel_bundles import CATS_AND_DOGS
from support.program_bundles import assert_same_lines, classifier, write_images

SOURCES = Path(__file__).parents[1] / "support" / "cpp"
# Halts at the first fault, of memory, of arithmetic or in the order of threads.
MEMORY = "-fsanitize=address,undefined -fno-sanitize-recover=all"
THREADS = "-fsanitize=thread"
# A golden case of each task, and of detectors and inputs those whose libraries are the longest.
TIDIED = (
    "padded", "binary", "regress", "raw", "mask of logits", "heatmaps", "image", "embed", "text",
    "one tensor with objectness", "suppressed in a tail", "a picture, two clips and numbers",
    "head: CenterNet, joints of several people", "rotated boxes in a table, masks of prototypes",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two bundles, their libraries, one altered bundle, and pictures."""
    folder = tmp_path_factory.mktemp("two")
    require_opencv(folder / "find")
    cat = classifier(resize="pad", pad=7)
    for name, write in {"cat": cat, "shapes": CATS_AND_DOGS}.items():
        generate(write(folder / f"{name}.cv"), "cpp", folder / name)
    shutil.copytree(folder / "cat.cv", folder / "altered.cv")
    model = folder / "altered.cv" / "model.onnx"
    data = bytearray(model.read_bytes())
    data[-30] ^= 1
    model.write_bytes(data)
    write_images(folder)
    (folder / "words.png").write_text("no picture", encoding="utf-8")
    return folder


def run_both(folder: Path, sanitizers: str, place: Path) -> list[tuple[str, str]]:
    """Build the program of two models in `place`, and return what each of its lines says."""
    shutil.copytree(SOURCES / "two_models", place)
    flags = f"-DCMAKE_CXX_FLAGS={STRICT} {sanitizers}"
    build(place, f"-DCAT={folder / 'cat'}", f"-DSHAPES={folder / 'shapes'}", flags)
    words = ["cat.cv", "shapes.cv", "altered.cv", "photo0.png", "words.png"]
    done = subprocess.run(
        [str(place / "build" / "two_models"), *(str(folder / word) for word in words)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        env={**os.environ, "TSAN_OPTIONS": f"suppressions={SOURCES / 'threads_of_opencv.txt'}"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [(line.split("\t")[0], line.split("\t")[1]) for line in done.stdout.splitlines()]


def same(found: str, result: Any) -> None:
    """Raise unless a line of JSON is what a result of the runtime is."""
    assert_same_lines(found, [result.to_dict()], 1e-5)


def test_two_libraries_in_one_program(folder: Path, tmp_path: Path) -> None:
    """Answers, copies and threads are right, faults are sentences, and memory is in order."""
    lines = run_both(folder, MEMORY, tmp_path / "memory")
    found = dict(lines)
    cat, shapes = keras2cv.load(folder / "cat.cv"), keras2cv.load(folder / "shapes.cv")
    image: NDArray[np.uint8] = cv2.imread(str(folder / "photo0.png"))  # type: ignore[assignment]
    result: Any = cat.predict(image)
    same(found["classify"], result)
    same(found["copy"], result)
    same(found["detect"], shapes.predict(image))
    same(found["score"], keras2cv.load(folder / "shapes.cv", score=0.99).predict(image))
    assert found["best"] == f"{result.label} {result.label} {result.index}"
    assert found["differing"] == "0"
    assert (found["none"], found["drawn"]) == ("0", "6")
    same(found["part"], cat.predict(image[2:12, 3:33]))  # its bars show nothing of the rest
    gray: Any = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    several = [gray, image, image, cv2.resize(image, (31, 200))]
    for one, line in zip(several, [text for name, text in lines if name == "several"], strict=True):
        same(line, cat.predict(one))
    faults: Mapping[str, str] = {
        "missing": "is not a bundle: it has no manifest.json",
        "altered": "is not the file that was verified: sha256 ",
        "other task": "The bundle's task is detect, this program is for classify",
        "device": "There is no device tpu",
        "high score": "A score must be 0 to 1",
        "empty": "An image must be gray, BGR or BGRA",
        "floats": "An image must be gray, BGR or BGRA",
        "another picture": "An image must be gray, BGR or BGRA",
        "words": "words.png as an image. If a viewer opens it",
        "no file": "photo0.pngx cannot be opened",
    }
    for name, words in faults.items():
        assert words in found[name], name


@pytest.mark.slow
def test_no_thread_disturbs_another(folder: Path, tmp_path: Path) -> None:
    """As the thread sanitizer sees it."""
    assert dict(run_both(folder, THREADS, tmp_path / "threads"))["differing"] == "0"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("clang-tidy") is None, reason="there is no clang-tidy")
@pytest.mark.parametrize("case", TIDIED)
def test_clang_tidy_finds_nothing(case: str, folder: Path, tmp_path: Path) -> None:
    """By the checks in a library's own `.clang-tidy`, in the library and in its program."""
    generate(CASES[case](tmp_path / "tidied.cv"), "cpp", tmp_path / "tidied")
    flags = ["-std=c++17", *header_flags(folder / "find"), "-Iinclude"]
    done = subprocess.run(
        ["clang-tidy", "--quiet", "src/tidied.cpp", "example/predict.cpp", "--", *flags],  # noqa: S607 - wherever the machine has it
        check=False,
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path / "tidied",
    )
    assert (done.stdout, done.returncode) == ("", 0)


def test_an_installed_library_is_found(folder: Path, tmp_path: Path) -> None:
    """`find_package` brings the target, in a project of a newer C++ than the library's."""
    flag = f"-DCMAKE_CXX_FLAGS={STRICT}"
    shutil.copytree(folder / "cat", tmp_path / "cat")
    build(tmp_path / "cat", flag, "-DKERAS2CV_CAT_EXAMPLE=OFF", "-DCMAKE_CXX_STANDARD=20")
    prefix = str(tmp_path / "prefix")
    done = cmake("--install", str(tmp_path / "cat" / "build"), "--prefix", prefix)
    assert done.returncode == 0, done.stdout
    shutil.copytree(SOURCES / "installed", tmp_path / "installed")
    build(tmp_path / "installed", flag, f"-DCMAKE_PREFIX_PATH={prefix}")
    program = str(tmp_path / "installed" / "build" / "installed")
    words = [program, str(folder / "cat.cv"), str(folder / "photo1.png")]
    found = subprocess.run(words, check=True, capture_output=True, encoding="utf-8", timeout=60)
    image: Any = cv2.imread(str(folder / "photo1.png"))
    result: Any = keras2cv.load(folder / "cat.cv").predict(image)
    assert json.loads(found.stdout)["label"] == result.label
