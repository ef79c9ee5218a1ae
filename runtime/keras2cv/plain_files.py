"""Open a file only if it is a plain one: a pipe waits for its writer, and a device may never end.

A text is written whole, or the earlier file stays. Every error is an `OSError` whose `strerror`
completes "x.png cannot be read: ...".
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

_KINDS: Final[Mapping[str, Callable[[int], bool]]] = {
    "a folder": stat.S_ISDIR,
    "a named pipe": stat.S_ISFIFO,
    "a socket": stat.S_ISSOCK,
    "a device": lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode),
}
# In a folder that may not be written, or where the file itself is a mount.
_ONLY_IN_PLACE: Final = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EROFS)
_PIECE: Final = 65_536
LEFT_FILE: Final = re.compile(r"\.keras2cv-[0-9a-f]{8}\.tmp")  # of a process that died
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def real_path(path: str | os.PathLike[str]) -> Path:
    """Return the absolute path that links lead to; of a loop of links, the path as it is.

    So of a name with a NUL, which no file has. `Path.resolve` raises errors for both, before Python
    3.13 and in every version.
    """
    try:
        return Path(os.path.realpath(path))
    except ValueError:
        return Path(os.path.abspath(path))  # noqa: PTH100 - `absolute` keeps the dots


def open_plain(path: str | os.PathLike[str], buffering: int = -1) -> BinaryIO:
    """Open a file for reading; `buffering` as for `open`.

    Raises:
        OSError: It is no plain file, or cannot be opened.
    """
    require_plain(path)
    descriptor = os.open(path, os.O_RDONLY | _NO_WAIT)
    try:
        _require(os.fstat(descriptor).st_mode, path)  # it may be another one by now
        return os.fdopen(descriptor, "rb", buffering)
    except BaseException:
        os.close(descriptor)
        raise


def read_plain(path: str | os.PathLike[str], most_bytes: int) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: It is no plain file, has more than `most_bytes`, or cannot be read.
    """
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(size + 1) if size <= most_bytes else b""
        while len(data) > size and len(data) <= most_bytes and (more := file.read(_PIECE)):
            data += more  # it grows, or is a file of /proc, which states no size
    if max(size, len(data)) > most_bytes:
        most = f"at most {most_bytes} are read"
        raise OSError(errno.EFBIG, f"it has {max(size, len(data))} bytes, and {most}", str(path))
    return data


def write_whole(path: str | os.PathLike[str], data: bytes | Iterable[bytes]) -> None:
    """Put a file with `data` at `path` in one step; an earlier one's mode, owner and links stay.

    Pieces are taken as they come, perhaps from the earlier file.

    Raises:
        OSError: It cannot be written; an earlier file is as it was.
    """
    real = Path(os.path.realpath(path))
    earlier = _status(real)
    if earlier is not None and not stat.S_ISREG(earlier.st_mode):
        real.write_bytes(_whole(data))  # such as /dev/null
        return
    part = real.with_name(f".keras2cv-{secrets.token_hex(4)}.tmp")
    try:
        _replace(real, part, data, earlier)
    except OSError as error:
        if earlier is None or error.errno not in _ONLY_IN_PLACE:
            raise
        real.write_bytes(part.read_bytes() if part.exists() else _whole(data))
    finally:
        part.unlink(missing_ok=True)


def _replace(
    real: Path, part: Path, data: bytes | Iterable[bytes], earlier: os.stat_result | None
) -> None:
    """Write `part`, and give it the name `real` and the mode and owner of the `earlier` file.

    Args:
        real: The place, without links.
        part: A new file beside it.
        data: Its bytes, or pieces of them.
        earlier: The status of the file that is replaced.

    Raises:
        OSError: It cannot be written.
    """
    with part.open("xb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)
        file.flush()
        os.fsync(file.fileno())
    if earlier is not None:
        part.chmod(stat.S_IMODE(earlier.st_mode))
        with contextlib.suppress(OSError, AttributeError):  # another user's; Windows has no owners
            os.chown(part, earlier.st_uid, earlier.st_gid)
    part.replace(real)


def require_plain(path: str | os.PathLike[str]) -> None:
    """Raise unless there is a plain file at `path`.

    Raises:
        OSError: There is something else, or nothing.
    """
    try:
        mode = Path(path).stat().st_mode
    except ValueError as error:  # a NUL in the name
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from error
    _require(mode, path)


def _whole(data: bytes | Iterable[bytes]) -> bytes:
    return data if isinstance(data, bytes) else b"".join(data)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def kind_of(mode: int) -> str | None:
    """Name a file that is no plain one; None: it is one."""
    return next((kind for kind, is_kind in _KINDS.items() if is_kind(mode)), None)


def _require(mode: int, path: str | os.PathLike[str]) -> None:
    if (kind := kind_of(mode)) is None:
        return
    if stat.S_ISDIR(mode) and not os.access(Path(path), os.R_OK | os.X_OK):
        kind += " that you may not enter"
    raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))
