"""Keras imported without the packages that only its plots and its scikit-learn wrappers use.

Where these are installed Keras imports them, and SciPy's statistics with them, which takes half as
long as TensorFlow. This is for commands that run no code of the user's: that may want
`keras.wrappers` and `keras.visualization`.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final

from .garbage import uncollected

# Keras has a `try: import ... except ImportError` for each, and says what is missing when asked.
_UNUSED: Final = ("matplotlib", "sklearn")


def import_lean(module: str) -> ModuleType:
    """Import a module, and with it Keras without its plots and wrappers, unless it is there."""
    if "keras" in sys.modules:
        return importlib.import_module(module)
    with uncollected(), _hidden(_UNUSED):
        found = importlib.import_module(module)
    gc.freeze()  # what an import makes stays: no later search for cycles need look through it
    return found


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Let `import NAME` fail until the end, for those that are not imported yet."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
