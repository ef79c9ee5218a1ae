"""Many rows of numbers in a file without a name, so that memory does not grow with them."""

from __future__ import annotations

import tempfile
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_KEPT_BYTES = 2**24  # in memory before anything is written


class Rows:
    """Rows (N, width), appended one by one; the system may drop their pages from memory."""

    def __init__(self, width: int, dtype: Any = np.float64) -> None:
        self._width, self._dtype = width, np.dtype(dtype)
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_KEPT_BYTES)  # noqa: SIM115 - it stays open
        self._count = 0

    def __len__(self) -> int:
        """How many rows there are."""
        return self._count

    def append(self, row: Array) -> None:
        """Add one row (width,).

        Raises:
            ValueError: it has another width.
        """
        values = np.ascontiguousarray(row, self._dtype)
        if values.shape != (self._width,):
            raise ValueError(f"a row of {values.shape}, not ({self._width},)")
        self._file.write(values.tobytes())
        self._count += 1

    def array(self) -> Array:
        """Return all rows, (N, width), to be read only."""
        self._file.flush()
        shape = (self._count, self._width)
        if not self._count or not self._width:
            return np.zeros(shape, self._dtype)
        rolled = getattr(self._file, "_rolled", True)
        if rolled:
            return np.memmap(self._file, self._dtype, "r", 0, shape)
        self._file.seek(0)
        data = self._file.read()
        return np.frombuffer(data, self._dtype).reshape(shape)
