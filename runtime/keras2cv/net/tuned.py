"""The way of running a bundle that `export --tune` found the fastest, where that holds here too."""

from __future__ import annotations

import os

import cv2

from keras2cv.bundle.manifest import Manifest, Rate, Trial


def why_not(manifest: Manifest) -> str | None:
    """Explain why the choice of `export --tune` does not hold here; None if it does."""
    tuned = manifest.tuned
    if tuned is None:
        return "it was not tuned"
    if tuned.opencv != cv2.__version__:
        return f"this is OpenCV {cv2.__version__}"
    if tuned.cores != cores():
        return f"this machine has {cores()} cores"
    return None


def choice_for(manifest: Manifest, device: str, engine: str | None) -> Trial | None:
    """Return the way to run a bundle on a device, and on an engine if one was asked for."""
    if device != "cpu" or manifest.tuned is None or why_not(manifest) is not None:
        return None
    choice = manifest.tuned.choice
    return choice if engine in (None, choice.engine) else None


def rate_for(manifest: Manifest, device: str, engine: str | None) -> Rate | None:
    """Return how many samples are answered the fastest, in the way of `choice_for`, if known."""
    choice = choice_for(manifest, device, engine)
    return manifest.tuned.fastest if choice is not None and manifest.tuned is not None else None


def cores() -> int:
    """Return how many processors the machine has."""
    return os.cpu_count() or 1
