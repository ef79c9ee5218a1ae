"""Whether a machine reads past the end of images: `python guards_child.py TARGETS STEP`.

Every image ends where a page without rights begins, so that such a read ends the process. Prints,
as JSON, how many calls of each kind there were, and which crashed.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from keras2cv.pixels.geometry import place
from keras2cv.pixels.pixelmap import spread_linear
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.pixels.preprocessing import Preprocessing

PAGE = 4096
READ_WRITE, NOTHING, PRIVATE_ANONYMOUS = 3, 0, 0x22

# Each image is stretched by "linear", and prepared by one of these in turn.
OTHERS = [
    (rule, interpolation)
    for interpolation in (
        "linear",
        "area",
        "nearest",
        "cubic",
        "lanczos4",
        "tf-bilinear",
        "pil-box",
    )
    for rule in ("letterbox", "center-crop", "pad", "stretch")
    if (rule, interpolation) != ("stretch", "linear")
]
# NumPy computes these from a copy, in seconds for the largest: small images make the same calls.
SLOW = ("cubic", "pil-box")
MOST_SLOW = 128  # the largest target
QUICK_OTHERS = [other for other in OTHERS if other[1] not in SLOW]
KINDS_OF_IMAGE = 9  # square, wider and higher, each of 1, 3 and 4 channels


@dataclass(frozen=True)
class Case:
    """One image and the side of the net's input; `number` counts them."""

    number: int
    width: int
    height: int
    channels: int
    target: int


def main() -> None:
    """Sweep, and print the counts."""
    cv2.setNumThreads(1)
    targets, step = [int(word) for word in sys.argv[1].split(",")], int(sys.argv[2])
    cases = list(cases_of(targets, step))
    buffer = guarded_bytes(max(case.width * case.height * 4 for case in cases))
    found = {
        kind: {"calls": len(cases), "crashed": crashed(call, cases, buffer)}
        for kind, call in KINDS.items()
    }
    print(json.dumps({"targets": targets, "step": step, "kinds": found}))


def cases_of(targets: Sequence[int], step: int) -> Iterator[Case]:
    """Yield images of n + 1 to n + 64, square, wider and higher, of 1, 3 and 4 channels.

    Each `step`th n, and those one, two and three pixels larger, where builds are known to crash.
    """
    number = 0
    for target in targets:
        for n in sorted({1, 2, 3, *range(1, 65, step)}):
            for wider, higher in ((n, n), (n, 2 * n + 1), (2 * n + 1, n)):
                for channels in (1, 3, 4):
                    yield Case(number, target + wider, target + higher, channels, target)
                    number += 1


def crashed(call: Callable[[Any, Case], object], cases: Sequence[Case], buffer: Any) -> list[str]:
    """Return the cases that end a process; the others of a process go on in the next."""
    lost: list[str] = []
    current, start = mmap.mmap(-1, 8), 0  # shared with the children
    while start < len(cases):
        child = os.fork()
        if not child:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # qemu's own words on a crash
            for case in cases[start:]:
                current[:] = struct.pack("q", case.number)
                call(image_of(case, buffer), case)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            break
        start = struct.unpack("q", current[:])[0]
        case = cases[start]
        lost.append(f"{case.width}x{case.height}x{case.channels} to {case.target}")
        start += 1
    return lost


def guarded_bytes(size: int) -> Any:
    """Return bytes of noise that end where a page without rights begins."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    length = -(-size // PAGE) * PAGE
    start = libc.mmap(None, length + PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0)
    if libc.mprotect(start + length, PAGE, NOTHING):
        raise OSError("The system guards no page.")
    found = np.ctypeslib.as_array((ctypes.c_uint8 * length).from_address(start))
    found[:] = np.random.default_rng(1).integers(0, 256, length, np.uint8)
    return found


def image_of(case: Case, buffer: Any) -> Any:
    """Return the last bytes of the buffer as an image."""
    count = case.width * case.height * case.channels
    shape = (case.height, case.width, case.channels)
    return buffer[len(buffer) - count :].reshape(shape if case.channels > 1 else shape[:2])


def plain(image: Any, case: Case) -> object:
    """Call OpenCV, for comparison."""
    return cv2.resize(image, (case.target, case.target))


def predict_linear(image: Any, case: Case) -> object:
    """Prepare an image as `predict`, `run` and Python programs do, by the default rules."""
    return _prepare(image, case, "stretch", "linear")


def predict_others(image: Any, case: Case) -> object:
    """Prepare it by each other resize rule and interpolation in turn."""
    return _prepare(image, case, *other_of(case))


def other_of(case: Case) -> tuple[str, str]:
    """Return the rule and interpolation whose turn it is: every kind of image gets every one."""
    others = OTHERS if case.target <= MOST_SLOW else QUICK_OTHERS
    size, kind = divmod(case.number, KINDS_OF_IMAGE)
    return others[(size + 3 * kind) % len(others)]


def spread(image: Any, case: Case) -> object:
    """Bring a map of floats to the pixels of the image, as masks are."""
    if case.channels > 1:
        return None
    height = case.height // 4
    bytes_ = image.reshape(-1)[-height * case.width * 4 :]  # as many floats, up to the end
    placement = place((case.target, case.target), (case.width, height), "stretch")
    return spread_linear(bytes_.view(np.float32).reshape(height, case.width), placement)


def _prepare(
    image: Any,
    case: Case,
    rule: Any,
    interpolation: str,
) -> object:
    is_gray = case.channels == 1
    count = 1 if is_gray else 3
    pad = 7 if rule in ("letterbox", "pad") else None
    key = (case.target, is_gray, rule, interpolation)
    if key not in _PREPARED:
        _PREPARED[key] = Preprocessor(
            Preprocessing(
                "x",
                "GRAY" if is_gray else "RGB",
                (case.target, case.target),
                rule,
                interpolation,
                (0.0,) * count,
                1.0,
                (1.0,) * count,
                "",
                pad,
            )
        )
    return _PREPARED[key]([image])


_PREPARED: dict[Any, Preprocessor] = {}
KINDS: dict[str, Callable[[Any, Case], object]] = {
    "cv2.resize": plain,
    "linear": predict_linear,
    "others": predict_others,
    "maps": spread,
}

if __name__ == "__main__":
    main()
