"""What every test shares: a TensorFlow that keeps quiet and to the CPU, OpenCV on two threads."""

import os

# TensorFlow reads this once, when it is first imported. Child processes inherit it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Hide GPUs, whose TF32 would blur TensorFlow's answers, unless tests on one are asked for."""
    chosen = config.getoption("markexpr")
    if "cuda" not in chosen or "not cuda" in chosen:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


@pytest.fixture(autouse=True, scope="session")
def _two_threads() -> None:
    """Keep to two threads, on however many cores: the reference and OpenCV run side by side."""
    cv2.setNumThreads(2)
