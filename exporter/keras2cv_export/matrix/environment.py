"""Environments with one OpenCV and one NumPy in them, made once and kept in the user's cache.

An environment is built under a temporary name and takes its own when it has imported cv2, so that
a build that was killed is never mistaken for a whole one, and two runs at a time may make the same
one: the first to finish wins, and the other throws its own away. (Environments survive the rename:
an interpreter finds its packages from where it lies, and no script in them is ever called.)
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import keras2cv
from keras2cv.bundle.leftovers import locked_folder, remove_leftovers
from keras2cv.errors import Keras2cvError, MissingDependency, UsageError
from keras2cv.isolation import ChildCrash, Entry, Limits, run_once
from keras2cv.net.opencv import version_tuple

from .installer import InstallError, Uv, clean_environment, find_uv, python_of
from .wheels import PACKAGE, is_exact, newest, numpy_requirement

_FIRST_WITHOUT_NUMPY_1: Final = (3, 13)
_IMPORT_TIMEOUT_S: Final = 300.0
_VERSIONS_CHILD: Final = Path(__file__).resolve().with_name("versions_child.py")


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python with one OpenCV.

    Attributes:
        python: The interpreter.
        wheel: The version of the wheel, "4.6.0.66".
        opencv: The version that cv2 gives, "4.6.0".
        numpy: NumPy's version.
        python_version: Python's version.
    """

    python: Path
    wheel: str
    opencv: str
    numpy: str
    python_version: str


class Environments:
    """The environments of one Python, in the cache.

    `python` is the interpreter to build them with, a path or a name on the PATH: this one if None.
    `installer` makes them; None finds uv.

    Raises:
        UsageError: there is no such Python.
        MissingDependency: uv is not installed.
    """

    def __init__(self, python: str | None = None, installer: Uv | None = None) -> None:
        python = python or sys.executable
        python = shutil.which(python) or python  # uv would look for a mere name in its own places
        self.folder = cache_folder() / "opencv"
        self._tag = _python_tag(python)
        self._installer = installer or find_uv(python)

    def resolve(self, version: str) -> str:
        """Return the newest wheel of a line such as "4.6", or `version` if it names a wheel.

        Without a network, the newest that is in the cache.

        Raises:
            MissingDependency: no such version, or nobody to ask and none in the cache.
        """
        if is_exact(version):
            return version
        try:
            return self._installer.newest_wheel(version)
        except InstallError as error:
            kept = newest(version, self._kept_wheels())
            if kept is not None:
                return kept
            raise MissingDependency(
                f"No wheel of OpenCV {version} is found ({error}). "
                "Give all four numbers of one that exists, such as 4.6.0.66, or connect."
            ) from error

    def prepare(self, wheel: str) -> Environment:
        """Return the environment of a wheel, made now if it is not there or not whole.

        Raises:
            MissingDependency: it cannot be made, with the installer's reason.
        """
        target = self.folder_of(wheel)
        return _find(target, wheel) or self._make(target, wheel)

    def has(self, wheel: str) -> bool:
        """Return whether an environment is there; `prepare` may still find that it is broken."""
        return self.folder_of(wheel).is_dir()

    def folder_of(self, wheel: str) -> Path:
        """Return where the environment of a wheel lies, or will."""
        numpy = numpy_requirement(wheel).replace("<2", "1")
        return self.folder / f"{self._tag}-opencv{wheel}-{numpy}"

    def _kept_wheels(self) -> list[str]:
        prefix = f"{self._tag}-opencv"
        names = [
            entry.name
            for entry in self.folder.glob(f"{prefix}*")
            if not re.search(r"[.](tmp|new)-", entry.name)
        ]
        return [name.removeprefix(prefix).partition("-")[0] for name in names]

    def _make(self, target: Path, wheel: str) -> Environment:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            remove_leftovers(target)
            with locked_folder(target) as folder:
                stage = folder / "environment"
                self._installer.create(stage, [f"{PACKAGE}=={wheel}", numpy_requirement(wheel)])
                made = _checked(stage, wheel)
                _publish(stage, target, wheel)
        except InstallError as error:
            raise MissingDependency(_cannot_make(wheel, self._tag, str(error))) from error
        except OSError as error:
            raise MissingDependency(
                f"{self.folder} cannot be written: {error.strerror or error}. "
                "Set KERAS2CV_CACHE to a folder that you may write to."
            ) from error
        return replace(made, python=python_of(target))


def look_at(python: Path, wheel: str) -> Environment | None:
    """Return the environment of `python` with `wheel`; None if it does not import cv2."""
    with contextlib.suppress(InstallError):
        return _import_cv2(python, wheel)
    return None


def cache_folder() -> Path:
    """Return the cache folder: KERAS2CV_CACHE, or the system's own place."""
    if own := os.environ.get("KERAS2CV_CACHE"):
        return Path(own).absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "keras2cv" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "keras2cv"
    xdg = os.environ.get("XDG_CACHE_HOME")  # the standard requires that relative ones are ignored
    base = Path(xdg) if xdg and Path(xdg).is_absolute() else Path.home() / ".cache"
    return base / "keras2cv"


@contextlib.contextmanager
def runtime_copy(folder: Path) -> Iterator[dict[str, str]]:
    """Give the environment variables with which another Python imports this very keras2cv.

    The package is copied into `folder` by itself: beside it, where it is installed, lie the cv2
    and NumPy of this Python, and perhaps TensorFlow.
    """
    source = Path(keras2cv.__file__).resolve().parent
    copy = folder / source.name
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    variables = {**clean_environment(), "PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}
    variables.pop("OPENCV_FORCE_DNN_ENGINE", None)  # it would win over the engine asked for
    try:
        yield variables
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def _publish(stage: Path, target: Path, wheel: str) -> None:
    """Give `stage` its name, unless somebody else has made a whole `target` in the meantime."""
    if _find(target, wheel) is None:
        shutil.rmtree(target, ignore_errors=True)
    try:
        stage.rename(target)
    except OSError:
        if _find(target, wheel) is None:
            raise


def _find(folder: Path, wheel: str) -> Environment | None:
    """Return the environment in `folder`; None if it is not there or not whole."""
    with contextlib.suppress(InstallError):
        return _checked(folder, wheel)
    return None


def _checked(folder: Path, wheel: str) -> Environment:
    """Return the environment in `folder`, whose OpenCV imports and is the wheel's."""
    found = _import_cv2(python_of(folder), wheel)
    if version_tuple(found.opencv)[:3] != version_tuple(wheel)[:3]:
        raise InstallError(f"the wheel {wheel} holds OpenCV {found.opencv}")
    return found


def _import_cv2(python: Path, wheel: str) -> Environment:
    return Environment(python, wheel, **_ask(python, "opencv_versions"))


def _ask(python: Path | str, function: str) -> dict[str, Any]:
    """Return the reply of a function of `versions_child.py` there.

    Raises:
        InstallError: it fails, hangs, or there is no such Python; the message is its last line.
    """
    entry = Entry(f"{_VERSIONS_CHILD}:{function}", (), python, clean_environment())
    try:
        return run_once(entry, {}, Limits(_IMPORT_TIMEOUT_S))
    except ChildCrash as lost:
        raise InstallError(lost.last_words if lost.log.strip() else lost.how) from lost
    except Keras2cvError as error:
        raise InstallError(str(error).rstrip(".")) from error


def _python_tag(python: str) -> str:
    """Return "cpython3.11.7-x86_64": a wheel belongs to a kind of Python and of machine."""
    try:
        return str(_ask(python, "python_tag")["tag"])
    except InstallError as error:
        raise UsageError(
            f"{python} is not a Python that starts ({error}). "
            "Give the path of one, such as python3.12."
        ) from error


def _cannot_make(wheel: str, tag: str, reason: str) -> str:
    cure = "See the output of `uv pip install` for it, or try another version."
    python = tuple(int(number) for number in re.findall(r"\d+", tag)[:2])
    if numpy_requirement(wheel) == "numpy<2" and python >= _FIRST_WITHOUT_NUMPY_1:
        cure = (
            "This version needs NumPy 1, which has wheels up to Python 3.12: "
            "give such a Python with --python."
        )
    return f"No environment with OpenCV {wheel} can be made for {tag}: {reason}. {cure}"
