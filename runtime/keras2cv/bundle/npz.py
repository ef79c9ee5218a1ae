"""Read untrusted `.npz` and `.npy` files: no pickles, and no array larger than its file.

numpy allocates the size that an array's header declares before it reads the data. Here every header
is compared with the size of its file first, so that 10**12 elements are refused, not allocated.
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.plain_files import open_plain

Array = NDArray[Any]

MAX_BYTES: Final = 2**31  # of all arrays of a file together, unpacked
MAX_ARRAYS: Final = 100_000


def read_npz(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> dict[str, Array]:
    """Return the arrays of an `.npz` file by name: numbers, booleans and strings only.

    Raises:
        InputError: missing, not an .npz, damaged, or larger than `max_bytes` unpacked.
    """
    path = Path(path)
    try:
        with open_plain(path) as file, zipfile.ZipFile(file) as archive:
            _check_size(path, archive.infolist(), max_bytes)
            return {
                member.filename.removesuffix(".npy"): _read_array(archive, member)
                for member in archive.infolist()
            }
    except InputError:
        raise
    except Exception as error:  # zipfile, zlib and numpy have a dozen kinds for a damaged file
        raise _unreadable(path, "npz", error) from error


def read_npy(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> Array:
    """Return the array of an `.npy` file: numbers, booleans or strings.

    Raises:
        InputError: missing, not an .npy, damaged, or larger than `max_bytes`.
    """
    path = Path(path)
    try:
        with open_plain(path) as file:
            if (size := os.fstat(file.fileno()).st_size) > max_bytes:
                raise InputError(
                    f"{path} has {size} bytes, at most {max_bytes} are read. Split it."
                )
            _check_header("it", file, size)
            file.seek(0)
            return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
    except InputError:
        raise
    except Exception as error:  # as above
        raise _unreadable(path, "npy", error) from error


def _check_size(path: Path, members: list[zipfile.ZipInfo], max_bytes: int) -> None:
    total = sum(member.file_size for member in members)
    if total > max_bytes or len(members) > MAX_ARRAYS:
        raise InputError(
            f"{path} holds {len(members)} arrays of {total} bytes unpacked; at most {MAX_ARRAYS} "
            f"of {max_bytes} bytes are read. Split it."
        )


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    with archive.open(member) as file:
        _check_header(member.filename, file, member.file_size)
    with archive.open(member) as file:
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))


def _check_header(name: str, file: IO[bytes], size: int) -> None:
    """Raise unless the header of the .npy in `file` declares an array of exactly `size` bytes."""
    version = np.lib.format.read_magic(file)
    reader: Any = np.lib.format.read_array_header_2_0
    if version == (1, 0):
        reader = np.lib.format.read_array_header_1_0
    shape, _, dtype = reader(file)
    expected = file.tell() + int(np.prod(shape, dtype=object)) * dtype.itemsize
    if dtype.kind not in "biufU" or expected != size:
        raise ValueError(f"{name} declares {shape} {dtype} in {size} bytes")


def _unreadable(path: Path, kind: str, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or " ".join(str(error).split())
    return InputError(
        f"{path} cannot be read as .{kind}: {reason or type(error).__name__}. "
        f"Copy it again, or write it with numpy.save{'z' * (kind == 'npz')}, "
        "without Python objects."
    )
