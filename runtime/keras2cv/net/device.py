"""Choose the device of a net, from the one asked for and those that are present."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2

from keras2cv.errors import MissingDependency, UsageError
from keras2cv.net.available_devices import devices_of
from keras2cv.net.engines import ENGINES

# name -> (backend, target) for cv2.dnn.Net
TARGETS: Final[dict[str, tuple[int, int]]] = {
    "cpu": (cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_CPU),
    "opencl": (cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_OPENCL),
    "cuda": (cv2.dnn.DNN_BACKEND_CUDA, cv2.dnn.DNN_TARGET_CUDA),
    "cuda-fp16": (cv2.dnn.DNN_BACKEND_CUDA, cv2.dnn.DNN_TARGET_CUDA_FP16),
}
# OpenCL is not among them: on a machine whose driver is the CPU itself it is the slower way.
AUTO: Final = ("cuda", "cpu")


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """The device that was `asked` for, the `available` ones, and the one that `runs` the net.

    `available` maps each device to the reason why it is missing, "" if it is present; for "cpu" it
    is empty, because no device was looked for. `why` explains the choice to a person, or is "".
    """

    asked: str
    available: Mapping[str, str]
    runs: str
    why: str = ""

    def fallen_back(self, reason: str) -> DeviceChoice:
        """Return the choice of the CPU, because the device that was chosen fails."""
        return replace(self, runs="cpu", why=f"{self.runs} fails: {reason}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        there = [name for name, missing in self.available.items() if not missing]
        missing = {name: why for name, why in self.available.items() if why}
        fields = {"asked": self.asked, "available": there, "missing": missing, "runs": self.runs}
        return {**fields, "why": self.why} if self.why else fields


def choose_device(asked: str, *, new_engine_only: bool = False) -> DeviceChoice:
    """Return the device to run on: the one `asked` for, or for "auto" the first that is there.

    Args:
        asked: a name of `TARGETS`, or "auto".
        new_engine_only: the net runs on OpenCV 5's new engine alone, which has the CPU alone.

    Raises:
        UsageError: no such device.
        MissingDependency: it is not there, with the reason and the way to get it.
    """
    if asked == "cpu":
        return DeviceChoice(asked, {}, asked)
    if asked != "auto" and asked not in TARGETS:
        raise UsageError(f"There is no device {asked!r}. Choose {', '.join((*TARGETS, 'auto'))}.")
    missing = _missing_devices()
    available = {name: missing.get(name, "") for name in TARGETS}
    if asked == "auto":
        return _choose_best(available, new_engine_only)
    if asked in missing:
        raise MissingDependency(
            f"Device {asked} is not there: {missing[asked]}. {_cure(asked, missing[asked])} "
            "Use device cpu or auto; `keras2cv doctor` lists what this machine has."
        )
    return DeviceChoice(asked, available, asked, _engine_note(asked))


def _choose_best(available: Mapping[str, str], new_engine_only: bool) -> DeviceChoice:
    best = next(name for name in AUTO if not available[name])
    if best != "cpu" and new_engine_only:
        why = f"{best} is there, but the bundle needs OpenCV's new engine, which has the CPU alone"
        return DeviceChoice("auto", available, "cpu", why)
    if best == "cpu":
        return DeviceChoice("auto", available, best, f"cuda is not there: {available['cuda']}")
    return DeviceChoice("auto", available, best, _engine_note(best))


def _engine_note(device: str) -> str:
    """Return a note that the device decided between OpenCV 5's engines."""
    return f"{device} needs the classic engine" if len(ENGINES) > 1 else ""


def _cure(device: str, reason: str) -> str:
    """Return how to get an OpenCV that is built for the device."""
    if device.startswith("cuda") and "without" in reason:
        return "docs/cuda.md says how to build an OpenCV that has it."
    if device == "opencl" and "driver" in reason:
        return "Install your GPU's OpenCL driver."
    return "Install its driver, or one that fits."


def _missing_devices() -> dict[str, str]:
    """Return the devices that are not there, with the reason."""
    return {device.name: device.why for device in devices_of(cv2) if not device.available}
