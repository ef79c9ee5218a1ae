"""A .keras file as an archive: looked through before anything unpacks it.

Keras reads `config.json` and the weights from it, and unpacks all of it into a temporary folder
where a layer has assets. It must hold no paths out of that folder, no links, no two members of one
name (readers differ in which they take), no encryption, and no sizes that a few bytes unpack to.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO, Final

from .danger import dishonest, shown
from .hdf5 import check_hdf5

CONFIG: Final = "config.json"
# An architecture is text; the largest of keras.applications has 2 MB.
MAX_CONFIG_BYTES: Final = 64 * 2**20
MAX_BYTES: Final = 64 * 2**30  # of all members, unpacked
_MAX_MEMBERS: Final = 4096  # Keras writes three, and one for each asset
# Keras stores members as they are. Weights hardly get smaller when they are packed; those of a
# pruned model, nine of ten zero, to an eighth.
_FREE_BYTES: Final = 64 * 2**20
_MAX_RATIO: Final = 8
_LOCAL_HEADER: Final = struct.Struct("<26xHH")
_PLAIN: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def check_archive(path: Path) -> int:
    """Look through a .keras archive, and return how many bytes its weights declare.

    Raises:
        ModelError: Keras would not write such an archive.
        zipfile.BadZipFile, OSError: The archive is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > _MAX_MEMBERS:
            raise dishonest(path, f"it has {len(members)} members")
        for member in members:
            _check_member(path, member)
        names = Counter(member.filename.rstrip("/").lower() for member in members)
        if (twice := names.most_common(1)) and twice[0][1] > 1:
            raise dishonest(path, f"it has {twice[0][1]} members called {shown(twice[0][0])}")
        unpacked = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members)
        size = path.stat().st_size
        if unpacked > min(MAX_BYTES, _FREE_BYTES + _MAX_RATIO * packed) or packed > size:
            raise dishonest(path, f"its members unpack to {unpacked} bytes, out of {packed}")
        declared = sum(_check_weights(path, archive, member) for member in members)
    if declared > _FREE_BYTES + _MAX_RATIO * size:
        raise dishonest(path, f"its weights take {declared} bytes, and the whole file has {size}")
    return declared


def _check_member(path: Path, member: zipfile.ZipInfo) -> None:
    name = member.filename
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
        raise dishonest(path, f"its member {shown(name)} leads out of the folder it is unpacked to")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise dishonest(path, f"its member {shown(name)} is a link or a device, not a file")
    if member.flag_bits & 0x1:
        raise dishonest(path, f"its member {shown(name)} is encrypted")
    if member.compress_type not in _PLAIN:
        raise dishonest(
            path, f"its member {shown(name)} is packed by method {member.compress_type}"
        )
    size, packed = member.file_size, member.compress_size
    if (size > _FREE_BYTES and size > _MAX_RATIO * packed) or (
        name == CONFIG and size > MAX_CONFIG_BYTES
    ):
        raise dishonest(path, f"its member {shown(name)} unpacks from {packed} to {size} bytes")


def _check_weights(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Return how many bytes the weights in a member take; 0 for a member without weights."""
    if not member.filename.endswith(".h5"):
        return 0
    if member.compress_type != zipfile.ZIP_STORED:
        return check_hdf5(path, io.BytesIO(archive.read(member)))
    with path.open("rb") as file:
        file.seek(member.header_offset)
        header = file.read(_LOCAL_HEADER.size)
        start = file.tell() + sum(_LOCAL_HEADER.unpack(header))
        return check_hdf5(path, _Part(file, start, member.file_size))


class _Part(io.RawIOBase):
    """A member that is stored as it is, read in its archive without a copy in memory."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read anywhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read on, as far as the member goes."""
        self._file.seek(self._start + self._at)
        left = max(min(len(buffer), self._size - self._at), 0)
        data = self._file.read(left)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
