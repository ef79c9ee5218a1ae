"""Whether libraries load here: within a limit of memory, and with the variables that OpenCV reads.

NumPy, OpenCV and TensorFlow crash without a word where memory ends while they are loaded
(`ulimit -v`, `-d`), and OpenCV where a number is expected in a variable such as
OPENCV_IO_MAX_IMAGE_PIXELS. So a child loads them first, if there is such a limit or variable.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from keras2cv.errors import Keras2cvError, MissingDependency, UsageError

_OF_MEMORY: Final = ("failed to map segment", "cannot allocate memory")
_SPARE_BYTES: Final = 2**28
_PATIENCE_S: Final = 120.0
_PLAIN: Final = re.compile(r"[0-9]{1,18}([KM]B|Kb|Mb|kb|mb)?")
_HARMLESS: Final = ("OPENCV_LOG_LEVEL",)
_ENOUGH_BYTES: Final = 16 * 2**30  # a limit above it is no reason to try


def require_loadable(modules: Sequence[str]) -> None:
    """Raise unless `modules` load here; they are tried only where something may be in the way.

    Raises:
        MissingDependency: A limit of memory is too low for them.
        UsageError: OpenCV does not understand a variable.
    """
    from keras2cv.isolation import Entry, Limits, run_once
    from keras2cv.isolation.limits import gib, inherited_limits

    limit = min(inherited_limits(), default=_ENOUGH_BYTES)
    odd = [] if "cv2" in sys.modules else odd_variables(os.environ)
    if limit >= _ENOUGH_BYTES and not odd:
        return
    entry = Entry("keras2cv.trial.importing:import_all")
    try:
        run_once(entry, {"modules": list(modules)}, Limits(_PATIENCE_S))
    except Keras2cvError as error:
        if limit >= _ENOUGH_BYTES:
            raise UsageError(
                f"OpenCV does not start with {' and '.join(odd)}. Correct it, or leave it unset."
            ) from error
        raise MissingDependency(
            f"This process may have {gib(limit)} of memory, in which {' and '.join(modules)} do "
            "not load. Raise the limit: `ulimit -v` and `ulimit -d` show it."
        ) from error


def odd_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the settings of OpenCV that are neither a number nor a size."""
    return [
        f"{name}={value!r}"
        for name, value in environment.items()
        if name.startswith("OPENCV_") and name not in _HARMLESS and not _PLAIN.fullmatch(value)
    ]


def import_all(request: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Import modules, in a child; start the threads that OpenCV works in.

    Raises:
        MemoryError: A module's library does not fit into memory.
    """
    _spare = bytearray(_SPARE_BYTES)  # the parent has loaded more than this process
    for name in request["modules"]:
        try:
            module = import_module(name)
        except ModuleNotFoundError:
            continue  # which the verb reports
        except ImportError as error:
            if any(words in str(error) for words in _OF_MEMORY):
                raise MemoryError(str(error)) from error
            continue
        if name == "cv2":
            import numpy as np

            module.GaussianBlur(np.zeros((512, 512, 3), np.uint8), (9, 9), 2)
    return {}
