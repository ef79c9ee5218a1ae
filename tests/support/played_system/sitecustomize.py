"""Play Windows or macOS, on Linux, in every process that finds this file at its start.

KERAS2CV_PLAYED_SYSTEM is "windows" or "macos". Code outside Python's own folders then sees that
system's `os.name` and `sys.platform`, and no module or function that only Linux has. There is no
/proc. On Windows, moreover,

    no file is renamed, replaced or removed while this process has it open, nor its folder
    a rename never replaces, folders cannot be opened, a child has no `preexec_fn`
    cv2 reads and writes no file whose name is not ASCII
"""

from __future__ import annotations

import builtins
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

VARIABLE = "KERAS2CV_PLAYED_SYSTEM"
IN_USE = "The process cannot access the file because it is being used by another process"

_POSIX_MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")
_LINUX_ALONE = (
    *("eventfd", "getrandom", "memfd_create", "sched_getaffinity", "sched_setaffinity"),
    *("copy_file_range", "splice", "pidfd_open", "O_PATH", "O_TMPFILE", "posix_fallocate"),
)
_POSIX_ALONE = (
    *("chown", "ctermid", "fchown", "fork", "forkpty", "getegid", "geteuid", "getgid"),
    *("getloadavg", "getpgid", "getpgrp", "getuid", "killpg", "lchown", "mkfifo", "mknod", "nice"),
    *("openpty", "pathconf", "pread", "preadv", "pwrite", "register_at_fork", "setpgid", "setsid"),
    *("statvfs", "sync", "sysconf", "tcgetpgrp", "ttyname", "uname", "wait", "wait3", "wait4"),
    *("get_blocking", "set_blocking"),  # Windows has them since Python 3.12
    *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "O_SYNC"),
)
_POSIX_SIGNALS = (
    *("SIGALRM", "SIGBUS", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP"),
    *("SIGUSR1", "SIGUSR2", "alarm", "pthread_kill", "pthread_sigmask", "setitimer", "sigwait"),
)

_listdir, _readlink, _open, _isdir = os.listdir, os.readlink, open, os.path.isdir


class Played:
    """A module as another system has it; what is set goes to the real one."""

    def __init__(self, real: Any, lacking: tuple[str, ...], **other: Any) -> None:
        vars(self).update(_real=real, _lacking=frozenset(lacking), **other)

    def __getattr__(self, name: str) -> Any:
        if name in self._lacking:
            raise AttributeError(f"module {self._real.__name__!r} has no attribute {name!r}")
        return getattr(self._real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._real, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._real, name)


def play(which: str) -> None:
    """Change this process."""
    windows = which == "windows"
    lacking = (*_LINUX_ALONE, *(_POSIX_ALONE if windows else ()))
    modules = {
        "os": Played(os, lacking, name="nt" if windows else "posix"),
        "sys": Played(sys, (), platform="win32" if windows else "darwin"),
        "signal": Played(signal, _POSIX_SIGNALS if windows else ()),
    }
    _hide_proc()
    if windows:
        vars(modules["os"])["open"] = _refusing_folders(os.open)
        _lock_open_files()
        _start_children_as_windows_does()
    builtins.__import__ = _importing(modules, _POSIX_MODULES if windows else (), cv2_too=windows)


def _importing(modules: dict[str, Played], missing: tuple[str, ...], *, cv2_too: bool) -> Any:
    real = builtins.__import__
    own = tuple(os.path.realpath(p) + os.sep for p in {sys.prefix, sys.base_prefix})

    def played(
        name: str, globals_: Any = None, locals_: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        file = str((globals_ or {}).get("__file__") or "")
        other = "site-packages" in file or os.path.realpath(file).startswith(own)
        if not file or other or level:
            return real(name, globals_, locals_, fromlist, level)
        if name in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        module = real(name, globals_, locals_, fromlist, level)
        if cv2_too and module.__name__.partition(".")[0] == "cv2":
            _read_ascii_names_alone(sys.modules["cv2"])
        return modules.get(module.__name__, module)

    return played


def _hide_proc() -> None:
    for holder, name in ((io, "open"), (builtins, "open"), (os, "open"), (os, "stat")):
        setattr(holder, name, _without_proc(getattr(holder, name)))


def _without_proc(function: Callable[..., Any]) -> Callable[..., Any]:
    def hidden(path: Any, *args: Any, **named: Any) -> Any:
        if isinstance(path, (str, os.PathLike)) and str(path).startswith("/proc/"):
            raise FileNotFoundError(2, "No such file or directory", str(path))
        return function(path, *args, **named)

    return hidden


def _refusing_folders(function: Callable[..., int]) -> Callable[..., int]:
    def opened(path: Any, *args: Any, **named: Any) -> int:
        if _isdir(path):
            raise PermissionError(13, "Permission denied", str(path))
        return function(path, *args, **named)

    return opened


def _lock_open_files() -> None:
    """Let files that this process has open stay where they are."""
    for name in ("unlink", "remove", "rmdir"):
        setattr(os, name, _removing(getattr(os, name)))
    for name in ("rename", "replace"):
        setattr(os, name, _moving(getattr(os, name), replaces=name == "replace"))


def _removing(function: Callable[..., None]) -> Callable[..., None]:
    def removed(path: Any, *, dir_fd: int | None = None) -> None:
        _require_unused(_whole(path, dir_fd))
        function(path, dir_fd=dir_fd)

    return removed


def _moving(function: Callable[..., None], *, replaces: bool) -> Callable[..., None]:
    def moved(old: Any, new: Any, **named: Any) -> None:
        source, target = _whole(old), _whole(new)
        _require_unused(source)
        if os.path.lexists(target):
            _require_unused(target)
            if not replaces:
                raise FileExistsError(17, "Cannot create a file when that file already exists")
            if _isdir(target):
                raise PermissionError(13, "Access is denied", target)
        function(old, new, **named)

    return moved


def _whole(path: Any, dir_fd: int | None = None) -> str:
    folder, name = os.path.split(os.fsdecode(path))
    if dir_fd is not None:
        folder = f"{_readlink(f'/proc/self/fd/{dir_fd}')}/{folder}"
    return f"{os.path.realpath(folder or '.')}/{name}"


def _require_unused(path: str) -> None:
    if any(used == path or used.startswith(f"{path}/") for used in _open_files()):
        raise PermissionError(13, IN_USE, path)


def _open_files() -> list[str]:
    """Return the files that are open or mapped, and the current folder."""
    found = [_readlink("/proc/self/cwd")]
    for number in _listdir("/proc/self/fd"):
        try:
            name = _readlink(f"/proc/self/fd/{number}")
        except OSError:
            continue  # the folder's own
        if not _isdir(name):  # `shutil.rmtree` opens folders on Linux alone
            found.append(name)
    with _open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:
        return found + [line.split(maxsplit=5)[5].strip() for line in maps if "/" in line]


def _start_children_as_windows_does() -> None:
    start = subprocess.Popen.__init__

    def started(self: Any, *args: Any, **named: Any) -> None:
        for name in ("preexec_fn", "pass_fds"):
            if named.get(name):
                raise ValueError(f"{name} is not supported on Windows platforms")
        start(self, *args, **named)

    subprocess.Popen.__init__ = started  # type: ignore[method-assign]


def _read_ascii_names_alone(cv2: Any) -> None:
    if not hasattr(cv2, "dnn") or hasattr(cv2, "played_system"):
        return
    cv2.played_system = True
    for holder, name, failed in (
        (cv2, "imread", lambda: None),
        (cv2, "imwrite", lambda: False),
        (cv2.dnn, "readNet", lambda: _refuse(cv2)),
        (cv2.dnn, "readNetFromONNX", lambda: _refuse(cv2)),
        (cv2.dnn, "readNetFromTensorflow", lambda: _refuse(cv2)),
    ):
        if hasattr(holder, name):
            setattr(holder, name, _ascii_alone(getattr(holder, name), failed))


def _ascii_alone(function: Callable[..., Any], failed: Callable[[], Any]) -> Callable[..., Any]:
    def called(path: Any, *args: Any, **named: Any) -> Any:
        if isinstance(path, str) and not path.isascii():
            return failed()
        return function(path, *args, **named)

    return called


def _refuse(cv2: Any) -> Any:
    raise cv2.error("Can't read ONNX file")


if os.environ.get(VARIABLE):
    play(os.environ[VARIABLE])
