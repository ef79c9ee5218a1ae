"""As much of pandas' DataFrame as the runtime may rely on, which never imports pandas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


class Names(list[str]):
    """The columns' names."""

    @property
    def is_unique(self) -> bool:
        """Whether none is there twice."""
        return len(set(self)) == len(self)


class Frame:
    """Columns by name, each of one dimension, and an index."""

    iloc = None

    def __init__(self, data: Mapping[str, Any], index: Iterable[Any]) -> None:
        """Take columns; one of two dimensions is refused, as pandas refuses it."""
        self.index = list(index)
        self._data = {name: np.asarray(column) for name, column in data.items()}
        for name, values in self._data.items():
            assert values.shape == (len(self.index),), name

    @property
    def columns(self) -> Names:
        """The names, in order."""
        return Names(self._data)

    def __getitem__(self, name: str) -> Any:
        """Return a column."""
        return self._data[name]

    def assign(self, **columns: Any) -> Frame:
        """Return a frame with further columns."""
        return Frame({**self._data, **columns}, self.index)

    def astype(self, dtypes: Mapping[str, str]) -> Frame:
        """Return a frame whose text is objects, as pandas 2 has it."""
        assert set(dtypes.values()) <= {"str"}
        changed = {name: self._data[name].astype(str).astype(object) for name in dtypes}
        return Frame({**self._data, **changed}, self.index)
