"""Long work on graphs, without Python's search for cycles among all objects, over and over."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Put the cycle collector off until the end.

    Importing TensorFlow and converting a model make a million small objects that stay, and each
    ten thousand have the collector look through all before them.
    What is dropped meanwhile is freed as ever, unless it is part of a cycle; weights are not.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
