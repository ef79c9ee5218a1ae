"""Find the wheel of an OpenCV version, and the NumPy that this wheel can import.

The wheels are those of `opencv-python-headless`: it has the same dnn module as `opencv-python`,
without windows, whose libraries a server may lack.

NumPy 2 changed the C interface that a compiled cv2 is bound to. Wheels before 4.10.0.84 were built
against NumPy 1 and do not import beside NumPy 2, although their metadata allows it; 4.10.0.84 and
4.11 take either; from 4.12 on the metadata is right. NumPy 1 has no wheels for Python
3.13 and later, so that those old versions need a Python of 3.10 to 3.12 (`--python`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from keras2cv.net.opencv import version_tuple

PACKAGE: Final = "opencv-python-headless"
_FIRST_FOR_NUMPY_2: Final = (4, 10, 0, 84)
_WHEEL_PARTS: Final = 4  # 4.6.0.66: OpenCV's three numbers and the wheel's own


def is_exact(version: str) -> bool:
    """Return whether `version` names one wheel, and no look-up is needed."""
    return len(version_tuple(version)) == _WHEEL_PARTS or is_prerelease(version)


def is_prerelease(version: str) -> bool:
    """Return whether `version` is one such as "5.1.0.90rc1"."""
    return any(letter.isalpha() for letter in version)


def numpy_requirement(wheel: str) -> str:
    """Return the NumPy to install beside a wheel: "numpy<2", or "numpy" where any will do."""
    return "numpy" if version_tuple(wheel) >= _FIRST_FOR_NUMPY_2 else "numpy<2"


def newest(line: str, available: Iterable[str], *, pre: bool = False) -> str | None:
    """Return the newest of the `available` wheels in a line such as "4.6"; None without any.

    Pre-releases count if `pre`.
    """
    wanted = version_tuple(line)
    known = [v for v in available if is_exact(v) and (pre or not is_prerelease(v))]
    found = [v for v in known if version_tuple(v)[: len(wanted)] == wanted]
    return max(found, key=lambda v: (version_tuple(v), not is_prerelease(v)), default=None)


def engines_of(opencv: str) -> tuple[str, ...]:
    """Return the engines of an OpenCV that is not at hand, the default first: 5.0 has two."""
    return ("new", "classic") if version_tuple(opencv) >= (5,) else ("classic",)
