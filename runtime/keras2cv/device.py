"""Where a net runs: what was asked for, what is there, and what is taken."""

from __future__ import annotations

from typing import Final

import cv2

from keras2cv.errors import MissingDependency, UsageError

# name -> (backend, target) for cv2.dnn.Net
TARGETS: Final[dict[str, tuple[int, int]]] = {
    "cpu": (cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_CPU),
    "opencl": (cv2.dnn.DNN_BACKEND_OPENCV, cv2.dnn.DNN_TARGET_OPENCL),
    "cuda": (cv2.dnn.DNN_BACKEND_CUDA, cv2.dnn.DNN_TARGET_CUDA),
    "cuda-fp16": (cv2.dnn.DNN_BACKEND_CUDA, cv2.dnn.DNN_TARGET_CUDA_FP16),
}
# OpenCL is not among them: on a machine whose driver is the CPU itself it is the slower way.
AUTO: Final = ("cuda", "cpu")


def choose_device(asked: str) -> str:
    """Return the device to run on: the one `asked` for, or for "auto" the first that is there.

    Raises:
        UsageError: no such device.
        MissingDependency: it is not there, with the reason and the way to get it.
    """
    if asked == "cpu":
        return asked
    if asked != "auto" and asked not in TARGETS:
        raise UsageError(f"There is no device {asked!r}. Choose {', '.join((*TARGETS, 'auto'))}.")
    missing = _missing_devices()
    if asked == "auto":
        return next(name for name in AUTO if name not in missing)
    if asked in missing:
        raise MissingDependency(
            f"Device {asked} is not there: {missing[asked]}. "
            "Use device cpu or auto; `keras2cv doctor` lists what this machine has."
        )
    return asked


def _missing_devices() -> dict[str, str]:
    """Return the devices that are not there, with the reason."""
    from keras2cv.doctor import describe_opencv  # it reads metadata of packages: not for the CPU
    from keras2cv.opencv import installed_version

    devices = describe_opencv(cv2, installed_version).devices
    return {device.name: device.why for device in devices if not device.available}
