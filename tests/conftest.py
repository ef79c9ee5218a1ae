"""Shared by every test: a quiet TensorFlow on the CPU, and OpenCV on two threads."""

import os
import sys
from itertools import pairwise
from pathlib import Path

# TensorFlow reads this once, when it is first imported. Child processes inherit it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Python's `export` and `check` would start a process with a TensorFlow of its own for each file.
# What that process does has its tests in exporter/confined_child.
os.environ.setdefault("KERAS2CV_OPEN_HERE", "1")

import cv2
import pytest
from hypothesis import settings

# An example's time says how busy the machine is: a slow one is no failure.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

WORKER_BYTES = 2**31  # room for TensorFlow, a model, and a child process that runs it
MOST_WORKERS = 8


def _play(which: str) -> None:
    """Play an OpenCV in this process, and in those that it starts.

    That is before other conftests import keras2cv, which asks for the engines once.
    """
    folder = Path(__file__).parent / "support" / "played_opencv"
    sys.path.insert(0, str(folder.parents[1]))
    from support.played_opencv.sitecustomize import VARIABLE, play

    os.environ[VARIABLE] = which
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    play(cv2, which)


def _asked_for(arguments: list[str]) -> str | None:
    """Return the value of `--opencv-like`, or what a parent process plays."""
    name = "--opencv-like"
    apart = [value for option, value in pairwise(arguments) if option == name]
    joined = [a.partition("=")[2] for a in arguments if a.startswith(f"{name}=")]
    return next(iter(apart + joined), os.environ.get("KERAS2CV_PLAYED_OPENCV"))


if which := _asked_for(sys.argv):
    _play(which)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Take a worker for each core, and fewer where there is too little memory for them."""
    fitting = _total_memory() // WORKER_BYTES
    return max(1, min(os.cpu_count() or 1, fitting, MOST_WORKERS))


def _total_memory() -> int:
    """Return this machine's memory in bytes; where nobody knows, that of `MOST_WORKERS`."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return MOST_WORKERS * WORKER_BYTES


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the suite run on an OpenCV that does not exist yet."""
    about = "play such an OpenCV, in all processes: tests/support/played_opencv"
    parser.addoption("--opencv-like", choices=["next", "renamed"], help=about)


def pytest_configure(config: pytest.Config) -> None:
    """Hide GPUs, whose TF32 would blur TensorFlow's answers, unless tests on one are asked for."""
    chosen = config.getoption("markexpr")
    if "cuda" not in chosen or "not cuda" in chosen:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what the OpenCV at hand cannot show."""
    from keras2cv.net.engines import ENGINES
    from keras2cv.net.importers import missing_importer

    lacking = {
        "classic": "classic" not in ENGINES,
        "frozen": bool(missing_importer(cv2, "frozen")),
        "genuine": "KERAS2CV_PLAYED_OPENCV" in os.environ,
    }
    for item in items:
        for marker in (name for name, lacks in lacking.items() if lacks):
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=_REASONS[marker]))


_REASONS = {
    "classic": "this OpenCV has no classic engine",
    "frozen": "this OpenCV has no importer of TensorFlow graphs",
    "genuine": "this OpenCV is played: its wheel's metadata describes another",
}


@pytest.fixture(autouse=True, scope="session")
def _two_threads() -> None:
    """Keep to two threads, on however many cores: the reference and OpenCV run side by side."""
    cv2.setNumThreads(2)


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of `cases.json`, which `support/golden.py` describes."""
    from support.golden import write_cases

    return write_cases(tmp_path_factory.mktemp("golden") / "cases")
