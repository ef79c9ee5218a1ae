"""Find the OpenCV that Python imports here, and explain the fault if none works.

This module imports neither cv2 nor numpy, because it reports that they are missing.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from keras2cv.errors import MissingDependency

VersionOf: TypeAlias = Callable[[str], "str | None"]

# Four names for one folder, site-packages/cv2: pip installs them over each other without a word.
WHEELS: Final = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)
INSTALL_OPENCV: Final = "pip install 'keras2cv[opencv]'"
OLDEST: Final = (4, 5, 5)  # the first whose cv::FileStorage and ONNX importer read our bundles


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps keras2cv from working: the fault and the cure, a sentence each."""

    what: str
    fix: str

    def __str__(self) -> str:
        """Return both sentences."""
        return f"{self.what} {self.fix}"


def import_cv2() -> Any:
    """Return the module `cv2`, or raise whatever importing it raises."""
    printed = io.StringIO()
    with contextlib.redirect_stderr(printed):  # NumPy prints pages before it refuses an old cv2
        cv2 = importlib.import_module("cv2")
    if lines := printed.getvalue().splitlines():
        print(*lines, sep="\n", file=sys.stderr)
    return cv2


def require_opencv() -> Any:
    """Return the module `cv2`.

    Raises:
        MissingDependency: not installed, not loadable, or not whole; the message names the cure.
    """
    problem = opencv_problem(import_cv2, installed_version)
    if problem is not None:
        raise MissingDependency(str(problem))
    return import_cv2()


def require_at_least(oldest: str, installed: str, what: str) -> None:
    """Refuse an OpenCV that is too old for a file, before it reads a byte of it.

    Args:
        oldest: the oldest version that is new enough, "4.10".
        installed: the version of the installed OpenCV, "4.6.0".
        what: the thing that needs it, for the message.

    Raises:
        MissingDependency: it is older.
    """
    if version_tuple(installed)[:2] < version_tuple(oldest):
        raise MissingDependency(
            f"{what} needs OpenCV {oldest} or newer, and this is {installed}. "
            "Install a newer one, or export the model with --opencv "
            f"{'.'.join(installed.split('.')[:2])}, which says what is in the way."
        )


def opencv_problem(load: Callable[[], Any], version_of: VersionOf) -> Problem | None:
    """Return why `load()` gives no usable cv2; None if it does."""
    wheels = [name for name in WHEELS if version_of(name)]
    try:
        cv2 = load()
    except (ImportError, AttributeError) as error:  # NumPy's ABI check is an AttributeError
        return _import_problem(error, wheels, version_of)
    if not hasattr(cv2, "__version__"):  # a folder without a module in it imports as a namespace
        where = ", ".join(getattr(cv2, "__path__", ["an unknown place"]))
        cure = reinstall(wheels) if wheels else f"Remove that folder, then {INSTALL_OPENCV}."
        return Problem(f"{where} holds only the remains of an OpenCV.", cure)
    if not hasattr(cv2, "dnn"):
        return Problem(
            f"OpenCV {cv2.__version__} at {cv2.__file__} is built without its dnn module.",
            f"Build it with dnn, or install a wheel: {INSTALL_OPENCV}.",
        )
    if version_tuple(cv2.__version__) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return Problem(
            f"OpenCV {cv2.__version__} at {cv2.__file__} is older than {oldest}.",
            _update(wheels),
        )
    return None


def _update(wheels: Sequence[str]) -> str:
    """Return the sentence with the command that gets a newer OpenCV, by where this one is from."""
    if wheels:
        return f"Install a newer one: pip install -U {wheels[0]}."
    return (
        "It is not from a wheel: update it where it came from (a newer release of the system, or "
        f"of its source), or take a wheel in a virtual environment: {INSTALL_OPENCV}."
    )


def clash_problem(version_of: VersionOf) -> Problem | None:
    """Return that several wheels of OpenCV are installed over each other; None if they are not."""
    found = [f"{name} {version_of(name)}" for name in WHEELS if version_of(name)]
    if len(found) < 2:
        return None
    return Problem(
        f"{len(found)} wheels of OpenCV lie over each other: {' and '.join(found)} write the same "
        "files, and what is left is a mixture.",
        reinstall([name for name in WHEELS if version_of(name)]),
    )


def reinstall(wheels: Sequence[str]) -> str:
    """Return the sentence with the commands that leave one whole wheel in place of `wheels`."""
    if len(wheels) == 1:
        return f"Repair it: pip install --force-reinstall --no-deps {wheels[0]}."
    return f"Keep one: pip uninstall -y {' '.join(wheels)}, then pip install {_kept(wheels)}."


def installed_version(name: str) -> str | None:
    """Return the version of the installed distribution `name`, from its metadata alone."""
    import importlib.metadata  # costs a third of the start of `keras2cv run`

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def version_tuple(version: str) -> tuple[int, ...]:
    """Return the leading numbers of `version`: (5, 0, 0) of "5.0.0-pre", (2, 22) of "2.22rc1"."""
    numbers: list[int] = []
    for part in version.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if digits:
            numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)


def _import_problem(
    error: ImportError | AttributeError, wheels: Sequence[str], version_of: VersionOf
) -> Problem:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if missing == "numpy" or version_of("numpy") is None:
        fix = "Install it: pip install numpy, or your system's own (apt install python3-numpy)."
        return Problem("NumPy is not installed.", fix)
    if len(wheels) > 1:
        return Problem(f"OpenCV does not load ({_first_line(error)}).", reinstall(wheels))
    if missing == "cv2" and wheels:
        return Problem(
            f"{wheels[0]} {version_of(wheels[0])} is installed, but its files are gone, as they "
            "are when another wheel of OpenCV was installed over it and removed.",
            reinstall(wheels),
        )
    if missing == "cv2":
        return Problem(
            f"OpenCV is not installed: Python {platform.python_version()} finds no module cv2.",
            f"Install it: {INSTALL_OPENCV}, or your system's own (apt install python3-opencv).",
        )
    return _loading_problem(_first_line(error), wheels, version_of)


def _loading_problem(reason: str, wheels: Sequence[str], version_of: VersionOf) -> Problem:
    is_numpy = "multiarray" in reason or "_ARRAY_API" in reason
    if not wheels and is_numpy:
        return Problem(
            f"This OpenCV and numpy {version_of('numpy')} do not fit together: it is not from a "
            "wheel, and was built for another major version of NumPy.",
            "Take the system's own NumPy (apt install python3-numpy, and pip uninstall numpy), or "
            f"a wheel of OpenCV: {INSTALL_OPENCV}.",
        )
    if not wheels:
        return Problem(
            f"OpenCV does not load: {reason}.",
            "It is not from a wheel: repair it where it came from (apt install --reinstall "
            f"python3-opencv, or its source), or take a wheel: {INSTALL_OPENCV}.",
        )
    wheel = wheels[0]
    if is_numpy:
        return Problem(
            f"{wheel} {version_of(wheel)} and numpy {version_of('numpy')} do not fit together: it "
            "is built for another major version of NumPy.",
            f"Install matching ones: pip install -U {wheel} numpy.",
        )
    if ".so" in reason and not wheel.endswith("headless"):
        return Problem(
            f"OpenCV does not load: {reason}.",
            f"Install the build without windows, which does not need it: "
            f"pip uninstall -y {wheel}, then pip install {wheel}-headless.",
        )
    return Problem(f"OpenCV does not load: {reason}.", reinstall(wheels))


def _kept(wheels: Sequence[str]) -> str:
    """Return the wheel to keep: the one of `wheels`, or their union, with the features of all."""
    base = "opencv-contrib-python" if any("contrib" in name for name in wheels) else "opencv-python"
    headless = all(name.endswith("headless") for name in wheels)
    return f"{base}-headless" if headless else base


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
