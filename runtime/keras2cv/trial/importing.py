"""Whether libraries load within an inherited limit of memory (`ulimit -v`, `-d`).

NumPy, OpenCV and TensorFlow crash without a word where memory ends while they are loaded. So a
child loads them first, if there is such a limit at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from keras2cv.errors import Keras2cvError, MissingDependency

_OF_MEMORY: Final = ("failed to map segment", "cannot allocate memory")
_PATIENCE_S: Final = 120.0
_ENOUGH_BYTES: Final = 16 * 2**30  # a limit above it is no reason to try


def require_loadable(modules: Sequence[str]) -> None:
    """Raise unless `modules` load here; they are tried only under a limit of memory.

    Raises:
        MissingDependency: The limit is too low for them.
    """
    from keras2cv.isolation import Entry, Limits, run_once
    from keras2cv.isolation.limits import gib, inherited_limits

    limit = min(inherited_limits(), default=_ENOUGH_BYTES)
    if limit >= _ENOUGH_BYTES:
        return
    entry = Entry("keras2cv.trial.importing:import_all")
    try:
        run_once(entry, {"modules": list(modules)}, Limits(_PATIENCE_S))
    except Keras2cvError as error:
        raise MissingDependency(
            f"This process may have {gib(limit)} of memory, in which {' and '.join(modules)} do "
            "not load. Raise the limit: `ulimit -v` and `ulimit -d` show it."
        ) from error


def import_all(request: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Import modules, in a child; start the threads that OpenCV works in.

    Raises:
        MemoryError: A module's library does not fit into memory.
    """
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
