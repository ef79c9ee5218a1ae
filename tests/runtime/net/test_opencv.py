"""Finding OpenCV: every way in which it can be missing or broken gets its own cure."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import pytest

from keras2cv.errors import MissingDependency
from keras2cv.net.opencv import (
    clash_problem,
    import_cv2,
    opencv_problem,
    require_at_least,
    require_opencv,
    version_tuple,
)

NUMPY = {"numpy": "2.4.6"}


def raising(error: Exception) -> Callable[[], Any]:
    """Return an import of cv2 that fails with `error`."""

    def load() -> Any:
        raise error

    return load


NO_CV2 = ModuleNotFoundError("No module named 'cv2'", name="cv2")
LIB_GL = ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
NUMPY_ABI = AttributeError("_ARRAY_API not found")
NUMPY_ABI_TOO = ImportError("numpy.core.multiarray failed to import")
HOLLOW = SimpleNamespace(__path__=["/site-packages/cv2"])
OLD = SimpleNamespace(__version__="4.5.4-dev", __file__="/usr/lib/cv2.so", dnn=object())
NO_DNN = SimpleNamespace(__version__="4.10.0", __file__="/opt/cv2.so")


@pytest.mark.parametrize(
    ("load", "installed", "problem"),
    [
        (
            raising(NO_CV2),
            {},
            "OpenCV is not installed: Python {python} finds no module cv2. Install it: "
            "pip install 'keras2cv[opencv]', or your system's own (apt install python3-opencv).",
        ),
        (
            raising(NO_CV2),
            {"opencv-python-headless": "4.12.0.88"},
            "opencv-python-headless 4.12.0.88 is installed, but its files are gone, as they are "
            "when another wheel of OpenCV was installed over it and removed. "
            "Repair it: pip install --force-reinstall --no-deps opencv-python-headless.",
        ),
        (
            raising(LIB_GL),
            {"opencv-contrib-python": "4.8.1.78"},
            "OpenCV does not load: libGL.so.1: cannot open shared object file: No such file or "
            "directory. Install the build without windows, which does not need it: "
            "pip uninstall -y opencv-contrib-python, then "
            "pip install opencv-contrib-python-headless.",
        ),
        (
            raising(NUMPY_ABI),
            {"opencv-python": "4.8.1.78"},
            "opencv-python 4.8.1.78 and numpy 2.4.6 do not fit together: it is built for another "
            "major version of NumPy. Install matching ones: pip install -U opencv-python numpy.",
        ),
        (
            raising(NUMPY_ABI_TOO),
            {"opencv-python": "4.8.1.78"},
            "opencv-python 4.8.1.78 and numpy 2.4.6 do not fit together: it is built for another "
            "major version of NumPy. Install matching ones: pip install -U opencv-python numpy.",
        ),
        (
            raising(ImportError("DLL load failed\nwhile importing cv2.")),
            {"opencv-python": "5.0.0.93"},
            "OpenCV does not load: DLL load failed. "
            "Repair it: pip install --force-reinstall --no-deps opencv-python.",
        ),
        (
            raising(ImportError("undefined symbol: _ZN2cv3Mat")),
            {},
            "OpenCV does not load: undefined symbol: _ZN2cv3Mat. It is not from a wheel: repair "
            "it where it came from (apt install --reinstall python3-opencv, or its source), or "
            "take a wheel: pip install 'keras2cv[opencv]'.",
        ),
        (
            raising(NUMPY_ABI),
            {},
            "This OpenCV and numpy 2.4.6 do not fit together: it is not from a wheel, and was "
            "built for another major version of NumPy. Take the system's own NumPy (apt install "
            "python3-numpy, and pip uninstall numpy), or a wheel of OpenCV: pip install "
            "'keras2cv[opencv]'.",
        ),
        (
            raising(ImportError("recursion is detected")),
            {"opencv-python": "4.10.0.84", "opencv-contrib-python-headless": "4.12.0.88"},
            "OpenCV does not load (recursion is detected). Keep one: "
            "pip uninstall -y opencv-python opencv-contrib-python-headless, "
            "then pip install opencv-contrib-python.",
        ),
        (
            lambda: HOLLOW,
            {},
            "/site-packages/cv2 holds only the remains of an OpenCV. "
            "Remove that folder, then pip install 'keras2cv[opencv]'.",
        ),
        (
            lambda: OLD,
            {},
            "OpenCV 4.5.4-dev at /usr/lib/cv2.so is older than 4.5.5. "
            "It is not from a wheel: update it where it came from (a newer release of the "
            "system, or of its source), or take a wheel in a virtual environment: pip install "
            "'keras2cv[opencv]'.",
        ),
        (
            lambda: OLD,
            {"opencv-python-headless": "4.5.4.60"},
            "OpenCV 4.5.4-dev at /usr/lib/cv2.so is older than 4.5.5. "
            "Install a newer one: pip install -U opencv-python-headless.",
        ),
        (
            lambda: NO_DNN,
            {},
            "OpenCV 4.10.0 at /opt/cv2.so is built without its dnn module. "
            "Build it with dnn, or install a wheel: pip install 'keras2cv[opencv]'.",
        ),
    ],
    ids=[
        "none",
        "gone",
        "libGL",
        "ABI",
        "ABI 2",
        "DLL",
        "own",
        "own ABI",
        "clash",
        "hollow",
        "old",
        "old wheel",
        "no dnn",
    ],
)
def test_each_ailment_has_its_cure(
    load: Callable[[], Any], installed: dict[str, str], problem: str
) -> None:
    """Each fault of OpenCV has its own message, with exact commands."""
    found = opencv_problem(load, (NUMPY | installed).get)
    assert str(found) == problem.format(python=".".join(map(str, sys.version_info[:3])))


def test_numpy_that_is_missing_is_named_first() -> None:
    """Without NumPy, cv2's own message is about something else."""
    load = raising(ImportError("cv2 could not be imported"))
    assert str(opencv_problem(load, {"opencv-python": "5.0.0.93"}.get)) == (
        "NumPy is not installed. Install it: pip install numpy, or your system's own (apt install "
        "python3-numpy)."
    )


def test_a_whole_opencv_has_no_problem() -> None:
    """The cv2 that runs these tests is found in order, and returned."""
    assert opencv_problem(import_cv2, (NUMPY | {"opencv-python": "5.0.0.93"}).get) is None
    assert require_opencv() is cv2


def test_require_opencv_raises_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing cv2 is a MissingDependency, exit code 3, not an ImportError."""
    monkeypatch.setitem(sys.modules, "cv2", None)  # type: ignore[arg-type]
    with pytest.raises(MissingDependency) as raised:
        require_opencv()
    assert raised.value.exit_code == 3


@pytest.mark.parametrize(
    ("installed", "kept"),
    [
        (("opencv-python", "opencv-python-headless"), "opencv-python"),
        (("opencv-python-headless", "opencv-contrib-python-headless"), "contrib-python-headless"),
        (("opencv-python", "opencv-contrib-python-headless"), "opencv-contrib-python"),
    ],
)
def test_wheels_over_each_other_are_all_named(installed: tuple[str, ...], kept: str) -> None:
    """Every wheel is named with its version, and the one to keep has the features of all."""
    versions = {name: f"4.{n}.0.84" for n, name in enumerate(installed, 7)}
    problem = clash_problem(versions.get)
    assert problem is not None
    assert problem.what.startswith(
        f"2 wheels of OpenCV lie over each other: {installed[0]} 4.7.0.84 and "
        f"{installed[1]} 4.8.0.84 write"
    )
    assert problem.fix.startswith(f"Keep one: pip uninstall -y {installed[0]} {installed[1]}, ")
    assert problem.fix.endswith(f"{kept}.")


def test_one_wheel_or_none_is_no_clash() -> None:
    """A single wheel is fine, and so is a system's own OpenCV."""
    assert clash_problem({"opencv-python": "5.0.0.93"}.get) is None
    assert clash_problem({}.get) is None


def test_the_output_of_a_working_import_is_passed_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only a failing import is silenced; a warning that cv2 prints while loading stays visible."""

    def load(_: str) -> ModuleType:
        print("a warning of cv2's", file=sys.stderr)
        return ModuleType("cv2")

    monkeypatch.setattr("importlib.import_module", load)
    import_cv2()
    assert capsys.readouterr().err == "a warning of cv2's\n"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("5.0.0-pre", (5, 0, 0)), ("4.12.0.88", (4, 12, 0, 88)), ("2.22rc1.5", (2, 22)), ("x", ())],
)
def test_versions_are_read_as_numbers(text: str, numbers: tuple[int, ...]) -> None:
    """Leading numbers count, and reading stops at the first suffix."""
    assert version_tuple(text) == numbers


@pytest.mark.parametrize("installed", ["4.10.0", "4.10.0-pre", "4.12.0", "5.0.0"])
def test_an_opencv_that_is_new_enough_is_taken(installed: str) -> None:
    """Versions are compared by their numbers: 4.10 comes after 4.6."""
    require_at_least("4.10", installed, "cat.cv")


@pytest.mark.parametrize("installed", ["4.6.0", "4.9.1"])
def test_an_opencv_that_is_too_old_is_named_with_what_to_do(installed: str) -> None:
    """Exit code 3: the environment lacks something."""
    with pytest.raises(MissingDependency, match=r"cat\.cv needs OpenCV 4\.10 or newer") as caught:
        require_at_least("4.10", installed, "cat.cv")
    assert installed in str(caught.value)
    assert caught.value.exit_code == 3
