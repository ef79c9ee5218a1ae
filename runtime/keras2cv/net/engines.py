"""OpenCV's two engines: which are there, which to try, and which one really loaded a net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2

from keras2cv.errors import MissingDependency, UsageError

ENGINES: Final = ("new", "classic") if hasattr(cv2.dnn, "ENGINE_NEW") else ("classic",)


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
    if wanted == "new" and "new" not in ENGINES:
        raise MissingDependency(
            f"OpenCV {cv2.__version__} has no new engine"
            + ("." if asked else ", the only one that this bundle was verified with.")
            + " Install OpenCV 5, or choose the classic engine and run the self-test."
        )
    if wanted != "any":
        return (wanted,)
    return ENGINES if device == "cpu" else ("classic",)


def engine_of(net: Any) -> str:
    """Return the engine that holds `net`: only the new one's importers record the file's format."""
    return "new" if "new" in ENGINES and net.getModelFormat() != 0 else "classic"


def check_engine(found: str, allowed: Sequence[str]) -> None:
    """Raise unless the engine that took the net is one of those that were asked for.

    Raises:
        UsageError: OpenCV, or its environment variable, chose another one.
    """
    if found not in allowed:
        raise UsageError(
            f"The {allowed[0]} engine was asked for and OpenCV runs the {found} one. "
            "Unset the environment variable OPENCV_FORCE_DNN_ENGINE; on Windows, keep the bundle "
            "in a folder with a plain ASCII path."
        )


def other_engine_hint(engine: str) -> str:
    """Return a sentence on what to try where a net fails on `engine`."""
    if len(ENGINES) == 1:
        return "Export the bundle for this OpenCV, with --opencv."
    other = "classic" if engine == "new" else "new"
    return f"Try the {other} engine, or export the bundle for this OpenCV, with --opencv."
