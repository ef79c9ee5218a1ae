"""Many rows of numbers in a file without a name, so that memory does not grow with them."""

from __future__ import annotations

import tempfile
import weakref
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_KEPT_BYTES = 2**24  # in memory before anything is written


class Rows:
    """Rows (N, width), appended one by one; the system may drop their pages from memory."""

    def __init__(self, width: int, dtype: Any = np.float64) -> None:
        self._width, self._dtype = width, np.dtype(dtype)
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
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
        self._memory += values.tobytes()
        self._count += 1
        if len(self._memory) > _KEPT_BYTES:
            self._spill()

    def array(self) -> Array:
        """Return all rows, (N, width), to be read only."""
        shape = (self._count, self._width)
        if self._file is None or not self._count * self._width:
            return np.frombuffer(bytes(self._memory), self._dtype).reshape(shape)
        self._spill()
        return np.memmap(self._file, self._dtype, "r", 0, shape)

    def _spill(self) -> None:
        """Write what is in memory behind what was written before."""
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the rows
            weakref.finalize(self, self._file.close)
        self._file.write(self._memory)
        self._file.flush()
        self._memory.clear()
