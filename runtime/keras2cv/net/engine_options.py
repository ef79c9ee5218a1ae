"""Ask an OpenCV which engines it has, and with which argument it is told to take one.

OpenCV 5.0 has two engines and constants for them. Later versions may have one, or other names. So a
graph of one node is loaded with each argument that may choose an engine, and the net says who holds
it. Nothing of keras2cv is imported here: any Python with cv2 can run this file.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from typing import Any, Dict, Iterator, Optional  # noqa: UP035 - Python 3.8 runs this file, too

Options = Dict[str, int]  # noqa: UP006

FORCED = "OPENCV_FORCE_DNN_ENGINE"
# The values of OpenCV 5.0's ENGINE_NEW and ENGINE_CLASSIC.
_OF_5_0: Dict[str, Options] = {"new": {"engine": 2}, "classic": {"engine": 1}}  # noqa: UP006
# Constants that name no engine of OpenCV's own: they leave the choice to it, or to ONNX Runtime.
_NO_ENGINE = ("ENGINE_AUTO", "ENGINE_ORT")
# An ONNX file of opset 13, y = Relu(x), both of shape (1, 1).
_GRAPH = (
    b'\x08\x07:;\n\x0c\n\x01x\x12\x01y"\x04Relu\x12\x01gZ\x13\n\x01x\x12\x0e\n\x0c\x08\x01\x12\x08'
    b"\n\x02\x08\x01\n\x02\x08\x01b\x13\n\x01y\x12\x0e\n\x0c\x08\x01\x12\x08\n\x02\x08\x01\n\x02"
    b"\x08\x01B\x04\n\x00\x10\r"
)


def engine_options(cv2: Any) -> Dict[str, Options]:  # noqa: UP006
    """Return engine -> the arguments of `readNetFromONNX` that choose it, the default engine first.

    The engines are "new", which came with OpenCV 5, and "classic", the one of OpenCV 4.
    """
    if _major(cv2) < 5:
        return {"classic": {}}
    if os.environ.get(FORCED):  # the answers would be the forced engine's, whatever is asked
        return dict(_OF_5_0)
    with logging_nothing(cv2), contextlib.suppress(OSError), _graph_file() as path:
        found = _ask(cv2, path)
        if found:
            return {name: found[name] for name in _OF_5_0 if name in found}
    return dict(_OF_5_0)  # cv2 cannot open any file of ours: nothing is known


def holder_of(cv2: Any, net: Any) -> str:
    """Return the engine that holds `net`: only the new one's importers record the file's format."""
    if not hasattr(net, "getModelFormat"):  # as in OpenCV 4; should a later one drop it, it is new
        return "classic" if _major(cv2) < 5 else "new"
    return "new" if net.getModelFormat() != 0 else "classic"


def _major(cv2: Any) -> int:
    return int(cv2.__version__.split(".")[0])


def _ask(cv2: Any, path: str) -> Dict[str, Options]:  # noqa: UP006
    found: Dict[str, Options] = {}  # noqa: UP006
    for options in _candidates(cv2):
        name = _engine_with(cv2, path, options)
        if name is not None:
            found.setdefault(name, options)
        if len(found) == len(_OF_5_0):
            break
    return found


def _candidates(cv2: Any) -> Iterator[Options]:
    """Yield what may choose an engine: 5.0's values, those of other constants, no argument."""
    yield from _OF_5_0.values()
    constants = vars(cv2.dnn).items()
    named = {n: v for n, v in constants if n.startswith("ENGINE_") and n not in _NO_ENGINE}
    yield from ({"engine": value} for value in sorted(set(named.values())))
    yield {}


def _engine_with(cv2: Any, path: str, options: Options) -> Optional[str]:  # noqa: UP045
    """Return the engine that takes a file with those arguments; None if it is not taken."""
    try:
        net = cv2.dnn.readNetFromONNX(path, **options)
        return None if net.empty() else holder_of(cv2, net)
    except (cv2.error, SystemError, TypeError):  # no such engine, or no such argument
        return None


def openable(path: str) -> str:
    """Return a name by which cv2 opens a file: on Windows the short one, if the other is not ASCII.

    There cv2 opens names of the system's 8-bit code page only. Where the disk keeps no short names,
    `path` itself is returned.
    """
    if sys.platform != "win32" or path.isascii():
        return path
    import ctypes

    short = ctypes.create_unicode_buffer(2**15)
    windows: Any = getattr(ctypes, "windll", None)
    if windows is None or not windows.kernel32.GetShortPathNameW(path, short, len(short)):
        return path
    return short.value if short.value.isascii() else path


@contextlib.contextmanager
def _graph_file() -> Iterator[str]:
    """Write the graph to a file, on Linux to one in memory, and give its name."""
    if hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd"):  # noqa: PTH112 - no pathlib
        number, path = os.memfd_create("graph"), ""
        named = f"/proc/self/fd/{number}"
    else:
        number, path = tempfile.mkstemp(suffix=".onnx")
        named = openable(path)
    try:
        os.write(number, _GRAPH)
        if path:
            os.close(number)  # Windows opens no file twice
        yield named
    finally:
        if path:
            os.unlink(path)  # noqa: PTH108 - no pathlib is loaded
        else:
            os.close(number)


@contextlib.contextmanager
def logging_nothing(cv2: Any) -> Iterator[None]:
    """Keep OpenCV from logging what becomes a sentence of ours, in every thread for so long."""
    log = log_of(cv2)
    if log is None:
        yield
        return
    level = log.getLogLevel()
    log.setLogLevel(0)
    try:
        yield
    finally:
        log.setLogLevel(level)


def log_of(cv2: Any) -> Any:
    """Return the module with `setLogLevel`: cv2, from 4.14 on cv2.utils.logging; None: no such."""
    places = cv2, getattr(getattr(cv2, "utils", None), "logging", None)
    return next(
        (p for p in places if hasattr(p, "setLogLevel") and hasattr(p, "getLogLevel")), None
    )
