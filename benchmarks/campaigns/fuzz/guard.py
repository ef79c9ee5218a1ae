"""Bounds around a process that reads mutated files: memory, file sizes, network, writes.

The kernel provides limits and the namespace. Python's audit hook adds the rest: which file was
about to be written outside the scratch folder, which program started, what was unpickled.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

MEMORY_BYTES: Final = 3 * 2**30  # on top of the memory mapped when a child starts
FILE_BYTES: Final = 2**30
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000  # CLONE_NEWNET, CLONE_NEWUSER of sched.h

_STARTS: Final = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn")
_UNPICKLES: Final = ("pickle.find_class",)
_CHANGES: Final = (
    *("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
    *("os.chmod", "os.chown", "os.utime", "shutil.rmtree", "shutil.move"),
)


class Breach(BaseException):
    """A forbidden act that a file caused; no Exception, so that no handler swallows it."""


def leave_network() -> bool:
    """Move this process to a network of its own without any interface; False where forbidden."""
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.suppress(AttributeError):
        return 0 in (libc.unshare(_NEW_NETWORK), libc.unshare(_NEW_USER | _NEW_NETWORK))
    return False


def bound(scratch: Path) -> None:
    """Bound this process for good, with `scratch` for its work, its home and its temporary files.

    Raises:
        Breach: later, wherever the process does something forbidden.
    """
    _set_limits()
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME"):
        os.environ[name] = str(scratch)
    tempfile.tempdir = str(scratch)  # Python keeps the old value otherwise
    os.chdir(scratch)
    sys.dont_write_bytecode = True  # of modules imported from here on: no breach of theirs
    allowed = (f"{scratch}{os.sep}", "/dev/null", "/proc/self/")

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if _writes(arguments[1], arguments[2]):
                _check_inside(event, arguments[:1], allowed)
        elif event in _CHANGES:
            _check_inside(event, arguments, allowed)
        elif event in _STARTS or event in _UNPICKLES or event.startswith("socket.connect"):
            raise Breach(f"{event} {arguments!r:.200}")

    sys.addaudithook(watch)


def _set_limits() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    mapped = pages * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _check_inside(event: str, paths: tuple[Any, ...], allowed: tuple[str, ...]) -> None:
    for path in paths:
        if isinstance(path, str | bytes | os.PathLike):
            whole = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - resolve() would ask the disk
            if not f"{whole}{os.sep}".startswith(allowed):
                raise Breach(f"{event} outside the scratch folder: {whole}")
