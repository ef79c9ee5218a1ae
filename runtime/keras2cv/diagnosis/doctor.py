"""Examine this machine for keras2cv: OpenCV, its engines and devices, and their problems.

`diagnose` never imports TensorFlow: versions come from the metadata of installed packages. Devices
that OpenCV is built for and devices that are present are kept apart: an OpenCV without CUDA and one
with CUDA but no GPU need different cures.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from keras2cv._version import VERSION
from keras2cv.diagnosis.advisories import Hole, known_holes
from keras2cv.isolation import confinement
from keras2cv.net.available_devices import Device, devices_of
from keras2cv.net.engine_options import engine_options
from keras2cv.net.importers import READERS, missing_importer
from keras2cv.net.opencv import (
    WHEELS,
    Problem,
    VersionOf,
    clash_problem,
    import_cv2,
    installed_version,
    opencv_problem,
    reinstall,
    version_tuple,
)

NO_WHEEL: Final = "not from a wheel: the system's, or built from source"
INSTALL_EXPORT: Final = "pip install 'keras2cv[export]'"
OLDEST_NUMPY: Final = "1.22"
# The extra [export] of pyproject.toml, without OpenCV; a test holds the two together.
EXPORT_NEEDS: Final[Mapping[str, str]] = {
    "tensorflow": "2.18",
    "keras": "3.12.1",
    "tf2onnx": "1.17",
    "onnx": "1.21",
    "onnx-ir": "0.1.9",
    "onnxscript": "0.5",
    "pillow": "10",
    "rich": "13",
    "uv": "0.5",
}
# TensorFlow is published under several names, all of which give the module tensorflow.
TENSORFLOWS: Final = ("tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-intel")


@dataclass(frozen=True, slots=True)
class OpenCv:
    """The cv2 that Python imports.

    `origin` names its wheel, or a build without one. `formats` maps each format of a net's file to
    the reason why it is not read, "" if it is.

    `resize_faults`: how its own resizes differ from those of OpenCV's wheels for x86-64. They are a
    warning: keras2cv works around them.
    """

    version: str
    folder: str
    origin: str
    engines: tuple[str, ...]
    formats: Mapping[str, str]
    devices: tuple[Device, ...]
    has_windows: bool
    threads: int
    cpu_features: str
    resize_faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was found.

    `packages` maps each package that exporting needs to its version, or None. `holes` are the known
    ones of installed packages: a warning, since a device may have no other OpenCV. `confinement`
    says what the system can keep a stranger's model from.
    """

    keras2cv: str
    python: str
    executable: str
    platform: str
    cpus: int
    numpy: str | None
    opencv: OpenCv | None
    packages: Mapping[str, str | None]
    problems: tuple[Problem, ...]
    holes: tuple[Hole, ...] = ()
    confinement: str = ""

    @property
    def missing_for_export(self) -> list[str]:
        """The requirements of `keras2cv export` that are not met: "tf2onnx>=1.17"."""
        return [
            f"{name}>={oldest}"
            for name, oldest in EXPORT_NEEDS.items()
            if not _at_least(self.packages[name], oldest)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {**asdict(self), "missing_for_export": self.missing_for_export}


def diagnose(version_of: VersionOf = installed_version) -> Diagnosis:
    """Examine this Python, its OpenCV, and the packages installed beside them."""
    unusable = opencv_problem(import_cv2, version_of)
    opencv = describe_opencv(import_cv2(), version_of) if unusable is None else None
    found = [numpy_problem(version_of("numpy")), clash_problem(version_of), unusable]
    found.append(mixture_problem(opencv, version_of) if opencv else None)
    return Diagnosis(
        keras2cv=VERSION,
        python=platform.python_version(),
        executable=sys.executable,
        platform=platform.platform(),
        cpus=os.cpu_count() or 1,
        numpy=version_of("numpy"),
        opencv=opencv,
        packages={name: _package_version(name, version_of) for name in EXPORT_NEEDS},
        problems=tuple(problem for problem in found if problem is not None),
        holes=tuple(known_holes(version_of)),
        confinement=confinement.described(),
    )


def describe_opencv(cv2: Any, version_of: VersionOf) -> OpenCv:
    """Describe the module `cv2`: its version, origin and abilities."""
    from keras2cv.diagnosis.resizing import resize_faults  # imports cv2, which may be broken

    folder = Path(cv2.__file__).parent
    return OpenCv(
        version=cv2.__version__,
        folder=str(folder),
        origin=_origin(folder, version_of),
        engines=tuple(engine_options(cv2)),
        formats={name: missing_importer(cv2, name) for name in READERS},
        devices=devices_of(cv2),
        has_windows=has_windows(cv2),
        threads=cv2.getNumThreads(),
        cpu_features=cv2.getCPUFeaturesLine(),
        resize_faults=tuple(resize_faults()),
    )


def has_windows(cv2: Any) -> bool:
    """Return whether the module `cv2` is built with a library of windows; no device is asked."""
    built_without = re.search(r"^\s*GUI:\s*NONE", cv2.getBuildInformation(), re.M)
    return hasattr(cv2, "imshow") and not built_without


def with_windows(version_of: VersionOf) -> str:
    """Return how to get an OpenCV with windows, in place of the installed one."""
    headless = [name for name in WHEELS if name.endswith("headless") and version_of(name)]
    if not headless:
        return "take an OpenCV that is built with them (a distribution's own is, or opencv-python)"
    wheel = headless[0]
    other = wheel.removesuffix("-headless")
    return f"pip uninstall -y {wheel}, then pip install {other}"


def numpy_problem(version: str | None) -> Problem | None:
    """Return the problem that NumPy is missing or too old; None if it is neither."""
    if version is None or _at_least(version, OLDEST_NUMPY):
        return None  # missing: then cv2 does not load either, which is reported
    return Problem(
        f"numpy {version} is older than {OLDEST_NUMPY}.",
        "Update it: pip install -U numpy, or a newer release of the system that it is from.",
    )


def mixture_problem(opencv: OpenCv, version_of: VersionOf) -> Problem | None:
    """Return the problem that Python imports another OpenCV than the installed wheel, or None."""
    wheels = [name for name in WHEELS if version_of(name)]
    if len(wheels) != 1 or opencv.origin == NO_WHEEL:
        return None
    wheel, version = wheels[0], str(version_of(wheels[0]))
    if version_tuple(version)[:3] == version_tuple(opencv.version)[:3]:
        return None
    return Problem(
        f"{wheel} {version} is installed, and cv2 says that it is {opencv.version}: another wheel "
        "was installed over it, and removed.",
        reinstall([wheel]),
    )


def _origin(folder: Path, version_of: VersionOf) -> str:
    wheels = [name for name in WHEELS if _lies_in(name, folder)]
    return " and ".join(f"wheel {name} {version_of(name)}" for name in wheels) or NO_WHEEL


def _lies_in(name: str, folder: Path) -> bool:
    """Whether the distribution `name` is installed, and would put cv2 into `folder`."""
    import importlib.metadata

    try:
        where = importlib.metadata.distribution(name).locate_file("cv2")
    except importlib.metadata.PackageNotFoundError:
        return False
    return Path(str(where)).resolve() == folder.resolve()


def _package_version(name: str, version_of: VersionOf) -> str | None:
    names: Sequence[str] = TENSORFLOWS if name == "tensorflow" else (name,)
    return next((version for version in map(version_of, names) if version), None)


def _at_least(version: str | None, oldest: str) -> bool:
    return version is not None and version_tuple(version) >= version_tuple(oldest)
