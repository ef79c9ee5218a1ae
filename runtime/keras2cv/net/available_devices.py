"""The devices that an OpenCV is built for, and those that are present.

An OpenCV without CUDA and one with CUDA but no GPU are reported apart: the user has to do different
things about them.
"""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from typing import Any, Final

from keras2cv.net.engine_options import engine_options

_CUDA_TARGETS: Final = {"cuda": "DNN_TARGET_CUDA", "cuda-fp16": "DNN_TARGET_CUDA_FP16"}
OPENCL_GPU: Final = 4  # cv::ocl::Device::TYPE_GPU; cv2 has no name for it
# Lets OpenCV's dnn use OpenCL devices that are no GPU, for which its kernels are not tested
# (net_impl.cpp: "switching to CPU"). With OPENCV_OPENCL_DEVICE=":CPU:" such a one is also found.
ALL_OPENCL_DEVICES: Final = "OPENCV_DNN_OPENCL_ALLOW_ALL_DEVICES"


@dataclass(frozen=True, slots=True)
class Device:
    """Something that can run a net: `why` describes it, or explains why it is missing."""

    name: str
    available: bool
    why: str


def devices_of(cv2: Any) -> tuple[Device, ...]:
    """Return every device that the module `cv2` may run nets on, present or not."""
    cpu, build = Device("cpu", True, platform.machine()), cv2.getBuildInformation()
    if "classic" not in engine_options(cv2):
        others = ("opencl", *_CUDA_TARGETS)
        return (cpu, *(Device(name, False, without_classic(cv2)) for name in others))
    return (cpu, _opencl(cv2, build), *_cuda(cv2, build))


def without_classic(cv2: Any) -> str:
    """Return why an OpenCV without the classic engine runs nets on the CPU alone."""
    return (
        f"it needs OpenCV's classic engine, which OpenCV {cv2.__version__} does not have, and the "
        "new one runs on the CPU only"
    )


def cuda_state(
    build: str, device_count: int, target_offered: bool, capability: str = ""
) -> tuple[bool, str]:
    """Return whether CUDA can run nets, and why (not).

    Args:
        build: cv2.getBuildInformation().
        device_count: cv2.cuda.getCudaEnabledDeviceCount(): 0 without a device, -1 without a driver
            that is new enough.
        target_offered: whether getAvailableTargets(DNN_BACKEND_CUDA) holds the target.
        capability: the first device's compute capability, such as "9.0"; "" if not known.
    """
    built = re.search(r"NVIDIA CUDA:\s+YES(?: \(ver ([0-9.]+))?", build)
    if built is None:
        return False, "this OpenCV is built without CUDA, as all of pip's wheels are"
    name = f"CUDA {built[1]}" if built[1] else "CUDA"
    if device_count < 0:
        return False, f"built with {name}, and no driver is found, or one older than that needs"
    if device_count == 0:
        return False, f"built with {name}, and no CUDA device or driver is found"
    has = f" (compute capability {capability})" if capability else ""
    if not target_offered:
        return False, f"built with {name} for other devices than this one{has}, or without cuDNN"
    return True, f"{name}, {device_count} device{'s' if device_count > 1 else ''}{has}"


def _opencl(cv2: Any, build: str) -> Device:
    if not re.search(r"OpenCL:\s+YES", build):
        return Device("opencl", False, "this OpenCV is built without OpenCL")
    offered = cv2.dnn.getAvailableTargets(cv2.dnn.DNN_BACKEND_OPENCV)
    if not cv2.ocl.haveOpenCL() or cv2.dnn.DNN_TARGET_OPENCL not in offered:
        return Device("opencl", False, "no OpenCL device or driver is found")
    device = cv2.ocl.Device.getDefault()
    if device.type() != OPENCL_GPU and not os.environ.get(ALL_OPENCL_DEVICES):
        return Device(
            "opencl",
            False,
            f"{device.name()} is no GPU, and OpenCV would run nets on the CPU without it "
            f"(unless {ALL_OPENCL_DEVICES}=1)",
        )
    return Device("opencl", True, device.name())


def _cuda(cv2: Any, build: str) -> list[Device]:
    count = cv2.cuda.getCudaEnabledDeviceCount() if hasattr(cv2, "cuda") else 0
    offered = cv2.dnn.getAvailableTargets(cv2.dnn.DNN_BACKEND_CUDA)
    targets = {name: getattr(cv2.dnn, target) for name, target in _CUDA_TARGETS.items()}
    capability = _capability(cv2) if count > 0 else ""
    return [
        Device(name, *cuda_state(build, count, target in offered, capability))
        for name, target in targets.items()
    ]


def _capability(cv2: Any) -> str:
    """Return the first device's compute capability, such as "9.0"; "" if cv2 does not know it."""
    try:
        device = cv2.cuda.DeviceInfo(0)
        return f"{device.majorVersion()}.{device.minorVersion()}"
    except (AttributeError, SystemError, cv2.error):
        return ""
