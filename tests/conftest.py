"""What every test shares: a TensorFlow that keeps quiet and to the CPU, OpenCV on two threads."""

import os

# TensorFlow reads these once, when it is first imported. Child processes inherit them.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import cv2
import pytest


@pytest.fixture(autouse=True, scope="session")
def _two_threads() -> None:
    """Keep to two threads, on however many cores: the reference and OpenCV run side by side."""
    cv2.setNumThreads(2)
