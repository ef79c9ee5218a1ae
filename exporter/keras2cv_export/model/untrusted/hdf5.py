"""Check an HDF5 file as a container: its links, its storage elsewhere, its declared sizes.

HDF5 can keep a dataset's bytes in any other file (external storage, external links, virtual
datasets: CVE-2026-1669), and can declare a shape of which nothing is stored (CVE-2026-0897). No
Keras writes either. Everything is looked at without following anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, Final

import h5py

from .danger import dishonest, shown

# Keras stores weights uncompressed. 64 MiB are nothing; more must be stored in some form, and even
# the weights of a pruned model, nine of ten zero, take an eighth.
_FREE_BYTES: Final = 64 * 2**20
_MAX_RATIO: Final = 8  # of a dataset's declared bytes to its stored ones
_FLOAT32: Final = 4  # bytes
_SIZE_BYTES: Final = 8  # as HDF5 writes them, unless it is told to
_MAX_OBJECTS: Final = 1_000_000
_NUMBERS_AND_TEXT: Final = "fiubSOUc"


def check_hdf5(path: Path, file: str | Path | BinaryIO | RawIOBase) -> int:
    """Look through an HDF5 file, and return how many bytes its numbers take as float32.

    Args:
        path: The user's name for it, for messages.
        file: The file itself, which may be a member of an archive.

    Raises:
        ModelError: The file refers to other files, or declares more than it holds.
        OSError: It is no HDF5 file.
    """
    with h5py.File(file, "r") as root:
        if (sizes := root.id.get_create_plist().get_sizes()) != (_SIZE_BYTES, _SIZE_BYTES):
            raise dishonest(path, f"its addresses and sizes have {sizes[0]} and {sizes[1]} bytes")
        items = [(name, item, int(item.size or 0)) for name, item in _objects(path, root)]
        bytes_of = [_check_dataset(path, name, item) for name, item, _ in items]
    declared, stored = sum(one[0] for one in bytes_of), sum(one[1] for one in bytes_of)
    if declared > _FREE_BYTES and declared > _MAX_RATIO * stored:
        raise dishonest(path, f"its datasets declare {declared} bytes, and {stored} are stored")
    return sum(count * _FLOAT32 for _, _, count in items)


def _objects(path: Path, root: Any) -> Iterator[tuple[str, Any]]:
    """Yield every dataset once, however many links lead to it."""
    seen, stack = set(), [("", root)]
    while stack:
        prefix, group = stack.pop()
        for key in group:
            name = f"{prefix}/{key}"
            link = group.get(key, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise dishonest(path, f"{shown(name)} is a link to {shown(_target(link))}")
            item = group[key]
            place = h5py.h5o.get_info(item.id).addr
            if place in seen:
                continue
            seen.add(place)
            if len(seen) > _MAX_OBJECTS:
                raise dishonest(path, f"it holds more than {_MAX_OBJECTS} objects")
            if isinstance(item, h5py.Group):
                stack.append((name, item))
            elif isinstance(item, h5py.Dataset):
                yield name, item


def _check_dataset(path: Path, name: str, item: Any) -> tuple[int, int]:
    """Return how many bytes a dataset declares, and how many are stored."""
    if item.external:
        raise dishonest(path, f"{shown(name)} is stored in the file {shown(item.external[0][0])}")
    if item.is_virtual:
        raise dishonest(path, f"{shown(name)} is put together from other files")
    kind = "f" if _is_bfloat16(item) else item.dtype.kind
    if kind not in _NUMBERS_AND_TEXT or h5py.check_ref_dtype(item.dtype) is not None:
        raise dishonest(path, f"{shown(name)} holds {shown(item.dtype)}, which are no weights")
    declared, stored = int(item.nbytes), int(item.id.get_storage_size())
    piece = math.prod(item.chunks or ()) * item.dtype.itemsize  # unpacked as a whole
    if max(declared, piece) > _FREE_BYTES and max(declared, piece) > _MAX_RATIO * stored:
        raise dishonest(
            path, f"{shown(name)} declares the shape {item.shape}, and {stored} bytes are stored"
        )
    return declared, stored


def _is_bfloat16(item: Any) -> bool:
    """Whether a dataset holds bfloat16, which HDF5 has no type for: two bytes, named by Keras."""
    return bool(item.dtype == "V2" and item.attrs.get("dtype") == "bfloat16")


def _target(link: Any) -> str:
    return ":".join(filter(None, (getattr(link, "filename", ""), getattr(link, "path", ""))))
