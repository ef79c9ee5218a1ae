"""OpenCV's two engines: which are there, which to try, and which one really loaded a net.

The new engine came with OpenCV 5.0; the classic one is OpenCV 4's, and a later OpenCV may lack it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import cv2

from keras2cv.errors import MissingDependency, UsageError
from keras2cv.net.available_devices import without_classic
from keras2cv.net.engine_options import engine_options, holder_of

# Engine -> the arguments of `cv2.dnn.readNetFrom...` that choose it.
OPTIONS: Final[Mapping[str, Mapping[str, int]]] = engine_options(cv2)
ENGINES: Final = tuple(OPTIONS)
_CURES: Final = {
    "new": "Install OpenCV 5, or choose the classic engine and run the self-test.",
    "classic": "Install OpenCV 5.0 or an older one, or choose the new engine and run the "
    "self-test.",
}


def engines_to_try(asked: str | None, verified: str, device: str) -> tuple[str, ...]:
    """Return the engines to load with, in order: the first that takes the file is used.

    Args:
        asked: the caller's choice, or None.
        verified: the manifest's: "new", "classic", or "any" for all of them.
        device: a name of `TARGETS`.

    Raises:
        UsageError: no such engine, or one that cannot run on `device`.
        MissingDependency: this OpenCV does not have it.
    """
    if asked not in (None, "new", "classic"):
        raise UsageError(f"There is no engine {asked!r}. Choose new or classic.")
    wanted = asked or verified
    if wanted == "new" and device != "cpu":
        raise UsageError(
            f"OpenCV's new engine runs on the CPU only, not on {device}. "
            "Use the classic engine or device cpu."
        )
    if device != "cpu" and "classic" not in ENGINES:
        raise MissingDependency(
            f"Device {device} is not there: {without_classic(cv2)}. Use device cpu."
        )
    if wanted != "any" and wanted not in ENGINES:
        raise MissingDependency(
            f"OpenCV {cv2.__version__} has no {wanted} engine"
            + (". " if asked else ", the only one that this bundle was verified with. ")
            + _CURES[wanted]
        )
    if wanted != "any":
        return (wanted,)
    return ENGINES if device == "cpu" else ("classic",)


def engine_of(net: Any) -> str:
    """Return the engine that holds `net`."""
    return holder_of(cv2, net)


def check_engine(found: str, allowed: Sequence[str]) -> None:
    """Raise unless the engine that took the net is one of those that were asked for.

    Raises:
        UsageError: OpenCV, or its environment variable, chose another one.
    """
    if found not in allowed:
        raise UsageError(
            f"The {allowed[0]} engine was asked for and OpenCV runs the {found} one. "
            "Unset the environment variable OPENCV_FORCE_DNN_ENGINE; on Windows, name a folder "
            "with a plain ASCII path in TMP."
        )


def other_engine_hint(engine: str) -> str:
    """Return a sentence on what to try where a net fails on `engine`."""
    if len(ENGINES) == 1:
        return "Export the bundle for this OpenCV, with --opencv."
    other = "classic" if engine == "new" else "new"
    return f"Try the {other} engine, or export the bundle for this OpenCV, with --opencv."
