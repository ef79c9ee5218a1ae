"""Read a model's weights from its file without further copies of them in memory.

Keras first draws weights at random, which takes three arrays that TensorFlow's allocator keeps for
good; then it reads the .keras archive's member with all weights into memory. The drawn weights are
all replaced, so large ones are zeros here. The member is stored, and not compressed: HDF5 can read
it in place.
"""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import keras
from keras.src.saving import saving_lib

_LOCAL_HEADER: Final = 30  # bytes before a member's name
_FREELY: Final = "is_memory_sufficient"
_LARGE: Final = 2**20  # numbers of a weight


@contextmanager
def weights_not_drawn() -> Iterator[None]:
    """Let large weights begin as zeros, where the file is sure to replace them.

    Keras refuses a file that lacks a weight. A layer that stores its weights in its own way may
    leave some out: those of other packages are left alone.
    """
    add_weight = keras.layers.Layer.add_weight
    own_way = {keras.layers.Layer.save_own_variables, keras.layers.Layer.load_own_variables}

    def add(layer: Any, shape: Any = None, initializer: Any = None, **others: Any) -> Any:
        kind = type(layer)
        usual = {kind.save_own_variables, kind.load_own_variables} == own_way
        is_large = isinstance(shape, list | tuple) and math.prod(n or 0 for n in shape) > _LARGE
        if is_large and (usual or kind.__module__.partition(".")[0] == "keras"):
            initializer = "zeros"
        return add_weight(layer, shape, initializer, **others)

    keras.layers.Layer.add_weight = add
    try:
        yield
    finally:
        keras.layers.Layer.add_weight = add_weight


@contextmanager
def weights_in_place() -> Iterator[None]:
    """Let Keras open weights in place; where this Keras reads them otherwise, nothing changes."""
    if not (hasattr(saving_lib, _FREELY) and hasattr(saving_lib, "H5IOStore")):
        yield
        return
    store, question = saving_lib.H5IOStore, getattr(saving_lib, _FREELY)

    class InPlace(store):  # type: ignore[misc,valid-type]
        """Keras' store, with members opened in place."""

        def __init__(self, path_or_io: Any, archive: Any = None, mode: str = "r") -> None:
            is_read = archive is not None and mode == "r"
            super().__init__(path_or_io, _Members(archive) if is_read else archive, mode)

    def refuse_copies(_: Any) -> bool:
        raise MemoryError  # Keras then gives its store the archive

    saving_lib.H5IOStore = InPlace
    setattr(saving_lib, _FREELY, refuse_copies)
    try:
        yield
    finally:
        saving_lib.H5IOStore = store
        setattr(saving_lib, _FREELY, question)


class _Members:
    """An archive whose `open` gives a file that can seek at no cost."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def open(self, name: str, _: str = "r") -> io.IOBase:
        """Return a member; a compressed one is read whole."""
        member = self._archive.getinfo(name)
        file = self._archive.fp
        if member.compress_type != zipfile.ZIP_STORED or file is None or not hasattr(os, "preadv"):
            return io.BytesIO(self._archive.read(name))
        with self._archive.open(name):  # checks the local header, and moves behind it
            pass
        header = os.pread(file.fileno(), _LOCAL_HEADER, member.header_offset)
        sizes = (int.from_bytes(header[k : k + 2], "little") for k in (26, 28))
        start = member.header_offset + _LOCAL_HEADER + sum(sizes)
        return _Part(file.fileno(), start, member.file_size)


class _Part(io.RawIOBase):
    """A part of an open file."""

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        super().__init__()
        self._descriptor, self._start, self._size, self._place = descriptor, start, size, 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place of the part."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = base + place
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as far as the part goes; the file's own place stays."""
        view, filled = memoryview(buffer).cast("B"), 0
        wanted = max(0, min(len(view), self._size - self._place))
        while filled < wanted:
            place = self._start + self._place
            count = os.preadv(self._descriptor, [view[filled:wanted]], place)
            if count == 0:
                break
            filled += count
            self._place += count
        return filled
