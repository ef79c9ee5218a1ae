"""Read `.npz` files that strangers made: no pickles, nothing larger than it says or than allowed.

numpy allocates what an array's header declares before it looks at the data. Here every header is
held against the archive's own sizes first, so that 10**12 elements are refused, not allocated.
"""

from __future__ import annotations

import zipfile
from os import PathLike
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError

Array = NDArray[Any]

MAX_BYTES: Final = 2**31  # of all arrays of a file together, unpacked
MAX_ARRAYS: Final = 100_000


def read_npz(path: str | PathLike[str], *, max_bytes: int = MAX_BYTES) -> dict[str, Array]:
    """Return the arrays of an `.npz` file by name: numbers, booleans and strings only.

    Raises:
        InputError: missing, not an .npz, damaged, or larger than `max_bytes` unpacked.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(path, archive.infolist(), max_bytes)
            return {
                member.filename.removesuffix(".npy"): _read_array(path, archive, member)
                for member in archive.infolist()
            }
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib and numpy have a dozen kinds for a damaged file
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise InputError(
            f"{path} cannot be read as .npz: {reason or type(error).__name__}. "
            "Copy it again, or write it with numpy.savez."
        ) from error


def _check_size(path: Path, members: list[zipfile.ZipInfo], max_bytes: int) -> None:
    total = sum(member.file_size for member in members)
    if total > max_bytes or len(members) > MAX_ARRAYS:
        raise InputError(
            f"{path} holds {len(members)} arrays of {total} bytes unpacked; at most {MAX_ARRAYS} "
            f"of {max_bytes} bytes are read. Split it."
        )


def _read_array(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        reader: Any = np.lib.format.read_array_header_2_0
        if version == (1, 0):
            reader = np.lib.format.read_array_header_1_0
        shape, _, dtype = reader(file)
        expected = file.tell() + int(np.prod(shape, dtype=object)) * dtype.itemsize
    if dtype.kind not in "biufU" or expected != member.file_size:
        raise InputError(
            f"{path}: {member.filename} declares {shape} {dtype} in {member.file_size} bytes. "
            "Only whole arrays of numbers are read; write it with numpy.savez."
        )
    with archive.open(member) as file:
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
