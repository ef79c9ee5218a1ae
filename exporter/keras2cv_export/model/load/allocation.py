"""Limit the memory for a model's weights to the number of weights that its file holds.

`Dense(10**12)` is 30 bytes of an architecture, and four terabytes of a machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from keras2cv.errors import ModelError

_FREE: Final = 2**22  # numbers that need no file: seeds, counters, and what is drawn anew
_FLOAT32: Final = 4  # bytes


@contextmanager
def no_more_weights(layer_class: Any, path: Path, weight_bytes: int) -> Iterator[None]:
    """Let layers be built as long as they ask for no more numbers than the file has as float32.

    Raises:
        ModelError: A layer asks for more; raised from within that layer.
    """
    add_weight, left = layer_class.add_weight, weight_bytes // _FLOAT32 + _FREE
    refused: list[str] = []

    def add(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal left
        left -= _count(*args, **kwargs)
        if left < 0:
            refused.append(str(self.name))
            raise MemoryError
        return add_weight(self, *args, **kwargs)

    layer_class.add_weight = add
    try:
        yield
    except Exception as error:  # Keras wraps the errors of its layers
        if refused:
            raise ModelError(
                f"{path} holds {weight_bytes} bytes of weights, and with its layer {refused[0]!r} "
                "it takes more numbers than that. No Keras writes that: do not use it."
            ) from error
        raise
    finally:
        layer_class.add_weight = add_weight


def _count(*args: Any, **kwargs: Any) -> int:
    """Return how many numbers a weight has; in Keras 2 the first argument is its name."""
    shapes = [*[a for a in args if isinstance(a, list | tuple)], kwargs.get("shape")]
    shape = next((s for s in shapes if s is not None), ())
    sizes = shape if isinstance(shape, list | tuple) else (shape,)
    return math.prod(int(n) for n in sizes if n is not None)
