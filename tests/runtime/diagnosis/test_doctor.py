"""The doctor: each problem of a machine has its own message."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.diagnosis import doctor
from keras2cv.diagnosis.doctor import (
    EXPORT_NEEDS,
    OLDEST_NUMPY,
    Diagnosis,
    describe_opencv,
    diagnose,
    mixture_problem,
    numpy_problem,
)
from keras2cv.net import available_devices
from keras2cv.net.available_devices import cuda_state
from keras2cv.net.engines import ENGINES
from keras2cv.net.opencv import WHEELS, installed_version

ROOT = Path(__file__).parents[3]
CUDA = "  NVIDIA CUDA:                   YES (ver 12.4, CUFFT CUBLAS)\n  cuDNN: YES (ver 9.1)\n"


def test_this_machine_is_described_as_it_is() -> None:
    """Versions, the folder of cv2 and the CPU are those of the running Python."""
    found = diagnose()
    assert found.opencv is not None
    assert found.opencv.version == cv2.__version__
    assert Path(found.opencv.folder) == Path(cv2.__file__).parent
    assert found.numpy == np.__version__
    assert found.executable == sys.executable
    assert found.opencv.engines == ENGINES
    names = [device.name for device in found.opencv.devices]
    assert names == ["cpu", "opencl", "cuda", "cuda-fp16"]
    assert found.opencv.devices[0].available


def test_the_report_is_plain_json() -> None:
    """to_dict survives JSON, with the requirements that exporting still lacks."""
    found = diagnose({"numpy": "2.4.6", "keras": "3.15.1", "tensorflow-cpu": "2.17.0"}.get)
    report = json.loads(json.dumps(found.to_dict()))
    assert report["packages"]["keras"] == "3.15.1"
    assert report["packages"]["tensorflow"] == "2.17.0"
    assert report["missing_for_export"][:2] == ["tensorflow>=2.18", "tf2onnx>=1.17"]


def test_tensorflow_is_never_imported() -> None:
    """Versions come from metadata, which takes no time: nothing heavy is imported."""
    look = "from keras2cv.diagnosis.doctor import diagnose; diagnose()"
    code = f"import sys; {look}; print(*sys.modules)"
    child = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(child.stdout.split())
    assert {"cv2", "numpy"} <= loaded
    assert not loaded & {"tensorflow", "keras", "onnx", "onnx_ir", "tf2onnx", "keras2cv_export"}


@pytest.mark.parametrize(
    ("build", "count", "offered", "state"),
    [
        ("", 0, False, (False, "this OpenCV is built without CUDA, as all of pip's wheels are")),
        (CUDA, 0, False, (False, "built with CUDA 12.4, and no CUDA device or driver is found")),
        (
            CUDA,
            -1,
            False,
            (
                False,
                "built with CUDA 12.4, and no driver is found, or one older than that needs",
            ),
        ),
        (
            CUDA,
            1,
            False,
            (False, "built with CUDA 12.4 for other devices than this one, or without cuDNN"),
        ),
        (CUDA, 1, True, (True, "CUDA 12.4, 1 device")),
        (CUDA, 3, True, (True, "CUDA 12.4, 3 devices")),
        ("NVIDIA CUDA:   NO", 0, False, (False, cuda_state("", 0, False)[1])),
    ],
    ids=["wheel", "no device", "old driver", "wrong device", "one", "three", "switched off"],
)
def test_cuda_not_built_and_cuda_missing_differ(
    build: str, count: int, offered: bool, state: tuple[bool, str]
) -> None:
    """Each reason why CUDA is not usable has its own words."""
    assert cuda_state(build, count, offered) == state


def test_the_compute_capability_names_the_target_to_build_for() -> None:
    """It stands beside the device that is there, and the one that OpenCV is not built for."""
    assert cuda_state(CUDA, 1, True, "8.6")[1] == "CUDA 12.4, 1 device (compute capability 8.6)"
    assert "than this one (compute capability 8.6), or" in cuda_state(CUDA, 1, False, "8.6")[1]


def fake_device(number: int) -> Any:
    """Return the device `number` as cv2.cuda.DeviceInfo describes it."""
    return SimpleNamespace(majorVersion=lambda: 9 - number, minorVersion=lambda: 0)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"DeviceInfo": fake_device}, "CUDA 12.4, 2 devices (compute capability 9.0)"),
        ({}, "CUDA 12.4, 2 devices"),
    ],
    ids=["reported", "not reported"],
)
def test_the_first_devices_capability_is_shown_where_cv2_has_it(
    more: Mapping[str, Any], why: str
) -> None:
    """An OpenCV whose Python knows no devices has CUDA all the same."""
    cuda = SimpleNamespace(getCudaEnabledDeviceCount=lambda: 2, **more)
    found = describe_opencv(fake_cv2(CUDA, cuda=cuda), {}.get).devices
    assert {device.name: device.why for device in found}["cuda"] == why


def fake_cv2(build: str = "", **changes: Any) -> SimpleNamespace:
    """Return a module like cv2 whose build information is `build`."""
    dnn = SimpleNamespace(
        DNN_BACKEND_OPENCV=3,
        DNN_BACKEND_CUDA=5,
        DNN_TARGET_OPENCL=1,
        DNN_TARGET_CUDA=6,
        DNN_TARGET_CUDA_FP16=7,
        getAvailableTargets=lambda backend: {3: [0, 1], 5: [6]}[backend],
    )
    opencl = SimpleNamespace(
        haveOpenCL=lambda: True,
        Device=SimpleNamespace(
            getDefault=lambda: SimpleNamespace(name=lambda: "Iris Xe", type=lambda: 4)
        ),
    )
    attributes = {
        "__version__": "4.10.0",
        "__file__": "/usr/lib/python3/dist-packages/cv2/__init__.py",
        "dnn": dnn,
        "ocl": opencl,
        "cuda": SimpleNamespace(getCudaEnabledDeviceCount=lambda: 2),
        "error": RuntimeError,
        "imshow": print,
        "getBuildInformation": lambda: build,
        "getNumThreads": lambda: 3,
        "getCPUFeaturesLine": lambda: "NEON",
    }
    return SimpleNamespace(**{**attributes, **changes})


def test_a_build_with_everything_offers_everything() -> None:
    """OpenCL by its device's name, CUDA by the offered targets: here fp32 alone."""
    opencv = describe_opencv(fake_cv2(CUDA + "  OpenCL:   YES (no extra features)\n"), {}.get)
    state = {device.name: (device.available, device.why) for device in opencv.devices}
    assert state["opencl"] == (True, "Iris Xe")
    assert state["cuda"] == (True, "CUDA 12.4, 2 devices")
    assert not state["cuda-fp16"][0]
    assert opencv.origin == "not from a wheel: the system's, or built from source"
    assert opencv.engines == ("classic",)


def test_a_build_without_opencl_or_cuda_modules_is_reported() -> None:
    """Neither a build without OpenCL nor a cv2 without its cuda module is a crash."""
    bare = fake_cv2("  OpenCL:     NO\n")
    del bare.cuda
    devices = {device.name: device for device in describe_opencv(bare, {}.get).devices}
    assert devices["opencl"].why == "this OpenCV is built without OpenCL"
    assert devices["cuda"].why.startswith("this OpenCV is built without CUDA")


def test_an_opencl_device_that_is_no_gpu_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenCV would run nets on the CPU in its place by default."""
    device = SimpleNamespace(name=lambda: "pthread-skylake", type=lambda: 2)
    opencl = SimpleNamespace(
        haveOpenCL=lambda: True, Device=SimpleNamespace(getDefault=lambda: device)
    )
    cpu = fake_cv2("  OpenCL:     YES\n", ocl=opencl)
    monkeypatch.delenv(available_devices.ALL_OPENCL_DEVICES, raising=False)
    found = describe_opencv(cpu, {}.get).devices[1]
    assert not found.available
    assert "pthread-skylake is no GPU" in found.why
    monkeypatch.setenv(available_devices.ALL_OPENCL_DEVICES, "1")
    assert describe_opencv(cpu, {}.get).devices[1].available


def test_opencl_without_a_driver_is_not_there() -> None:
    """Built with OpenCL is not enough."""
    idle = fake_cv2("  OpenCL:     YES\n", ocl=SimpleNamespace(haveOpenCL=lambda: False))
    assert describe_opencv(idle, {}.get).devices[1].why == "no OpenCL device or driver is found"


@pytest.mark.parametrize(
    ("build", "windows"), [("  GUI:        NONE\n", False), ("  GUI:      QT5\n", True)]
)
def test_a_headless_build_has_no_windows(build: str, windows: bool) -> None:
    """A headless wheel has an imshow that always fails; the build information shows it."""
    assert describe_opencv(fake_cv2(build), {}.get).has_windows is windows


def test_the_wheel_that_cv2_comes_from_is_named() -> None:
    """The origin is the wheel whose folder holds this cv2, with its version."""
    installed = [name for name in WHEELS if installed_version(name)]
    expected = " and ".join(f"wheel {name} {installed_version(name)}" for name in installed)
    origin = describe_opencv(cv2, installed_version).origin
    assert origin == (expected or "not from a wheel: the system's, or built from source")


def opencv_of(version: str, origin: str) -> doctor.OpenCv:
    """Return a description of an OpenCV of this version."""
    return doctor.OpenCv(version, "/cv2", origin, ("classic",), {}, (), False, 1, "")


def test_a_wheel_overwritten_by_another_is_found() -> None:
    """One wheel in the metadata and another version in the files is a mixture."""
    problem = mixture_problem(
        opencv_of("4.12.0", "wheel opencv-python 5.0.0.93"), {"opencv-python": "5.0.0.93"}.get
    )
    assert str(problem) == (
        "opencv-python 5.0.0.93 is installed, and cv2 says that it is 4.12.0: another wheel was "
        "installed over it, and removed. "
        "Repair it: pip install --force-reinstall --no-deps opencv-python."
    )


@pytest.mark.parametrize(
    ("version", "origin", "installed"),
    [
        ("5.0.0", "wheel opencv-python 5.0.0.93", {"opencv-python": "5.0.0.93"}),
        ("5.0.0-dev", "wheel opencv-python 5.0.0.93", {"opencv-python": "5.0.0.93"}),
        ("4.6.0", doctor.NO_WHEEL, {"opencv-python": "5.0.0.93"}),
        ("4.6.0", doctor.NO_WHEEL, {}),
    ],
)
def test_matching_versions_are_no_mixture(
    version: str, origin: str, installed: dict[str, str]
) -> None:
    """A wheel's fourth number is the wheel's own, and a system's OpenCV is compared with none."""
    assert mixture_problem(opencv_of(version, origin), installed.get) is None


def test_an_old_numpy_is_a_problem() -> None:
    """An old NumPy is reported with the command; a new or a missing one is not this problem."""
    assert str(numpy_problem("1.21.6")) == (
        "numpy 1.21.6 is older than 1.22. Update it: pip install -U numpy, or a newer release of "
        "the system that it is from."
    )
    assert numpy_problem("1.22.0") is None
    assert numpy_problem(None) is None


def test_without_opencv_the_rest_is_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """No cv2 at all is one problem in an otherwise complete report."""
    monkeypatch.setitem(sys.modules, "cv2", None)  # type: ignore[arg-type]
    found = diagnose({"numpy": "2.4.6"}.get)
    assert isinstance(found, Diagnosis)
    assert found.opencv is None
    assert [problem.what[:26] for problem in found.problems] == ["OpenCV is not installed: P"]
    assert found.numpy == "2.4.6"


def test_the_needs_of_exporting_are_those_of_the_package() -> None:
    """The doctor asks for exactly the packages of pyproject.toml's extra [export]."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^export = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    assert block is not None
    wanted = dict(re.findall(r'"([a-z0-9-]+)>=([0-9.]+)[",]', block[1]))
    assert wanted.pop("opencv-python") is not None
    assert dict(EXPORT_NEEDS) == wanted
    assert f'"numpy>={OLDEST_NUMPY}"' in text


def test_a_resize_that_differs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says for which images, and at which cost keras2cv works around it."""
    from keras2cv.diagnosis.resizing import resize_faults
    from keras2cv.pixels.resize import canary

    assert not list(resize_faults())
    monkeypatch.setattr(
        canary, "linear_route", lambda channels: ("cv2", "beyond_hal")[channels % 2]
    )
    faults = list(resize_faults())
    assert faults[0].startswith("this OpenCV resizes 8-bit colour and gray images differently")
    assert "times the cost" in faults[0]
    assert "read past the end" in faults[1]
