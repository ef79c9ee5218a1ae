"""A C++ program's own arithmetic gives the runtime's pixels, on every OpenCV."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from keras2cv.pixels.resize import resize
from support.cmake import build, require_opencv

Image = NDArray[np.uint8]
Resize = Callable[[Image, tuple[int, int], str], NDArray[Any]]

SOURCES = Path(__file__).parents[1] / "support" / "cpp"
TEMPLATES = Path(str(files("keras2cv.codegen"))) / "cpp" / "templates"

# Down and up, parts and whole pixels, sums that end in a half, one pixel, thin images.
SIZES = (
    ((96, 61), (32, 30)),
    ((40, 100), (20, 40)),
    ((44, 44), (35, 22)),
    ((31, 22), (72, 40)),
    ((64, 48), (32, 24)),
    ((1, 9), (3, 4)),
    ((173, 3), (58, 2)),
)


@pytest.fixture(scope="module")
def resize_in_cpp(tmp_path_factory: pytest.TempPathFactory) -> Resize:
    """Return a function that resizes by `resizing.hpp` of the programs."""
    folder = tmp_path_factory.mktemp("resizing")
    require_opencv(folder / "find")
    shutil.copytree(SOURCES, folder / "sources")
    build(folder / "sources", f"-DTEMPLATES={TEMPLATES}")
    program = folder / "sources" / "build" / "resizing"

    def run(image: Image, size_wh: tuple[int, int], name: str) -> NDArray[Any]:
        height, width, channels = image.shape
        words = [str(number) for number in (width, height, channels, *size_wh)]
        done = subprocess.run(
            [program, *words, name], input=image.tobytes(), stdout=subprocess.PIPE, check=True
        )
        dtype = np.float32 if name.startswith("tf-") else np.uint8
        return np.frombuffer(done.stdout, dtype).reshape(size_wh[1], size_wh[0], channels)

    return run


@pytest.mark.parametrize("name", ["linear", "cubic", "area", "tf-bilinear"])
def test_the_pixels_are_the_runtimes(name: str, resize_in_cpp: Resize) -> None:
    """Bit for bit: noise and black and white, gray and colour."""
    rng = np.random.default_rng(6)
    for number, (source_wh, size_wh) in enumerate(SIZES):
        if name == "area" and not _is_sum_of_parts(source_wh, size_wh):
            continue  # then programs and the runtime call OpenCV
        for levels in (256, 2):
            shape = (source_wh[1], source_wh[0], 3 if number % 2 else 1)
            image = (rng.integers(0, levels, shape) * (255 // (levels - 1))).astype(np.uint8)
            found = resize_in_cpp(image, size_wh, name)
            np.testing.assert_array_equal(found, resize(image, size_wh, name), str(source_wh))


def _is_sum_of_parts(source_wh: tuple[int, int], size_wh: tuple[int, int]) -> bool:
    source, target = np.array(source_wh), np.array(size_wh)
    return bool((source >= target).all() and (source % target).any())
