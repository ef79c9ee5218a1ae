"""Take from this process the right to write files, while it opens what a stranger sent.

Linux' Landlock (5.13 and later) takes rights from a thread, its later threads and its later
children, for good:

    own_process()                  once, by a program that is keras2cv's alone
    confine([folder])              from here on, only `folder` can be written
    freely(write, path, text)      runs in another thread, which keeps all rights

Without `own_process`, as in a user's own Python, nothing is taken. Reading stays allowed. A model
is opened in the thread that is confined, and TensorFlow starts its threads from there.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import queue
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, TypeVar

_Result = TypeVar("_Result")

# linux/landlock.h; the numbers of these calls are the same on every processor that wheels exist for
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_VERSION: Final = 1  # flag of _CREATE_RULESET
_PATH_BENEATH: Final = 1  # kind of rule
_NO_NEW_PRIVILEGES: Final = 38  # prctl
_WRITE_FILE: Final = 1 << 1
_TRUNCATE: Final = 1 << 14  # since version 3
# remove folders and files; make devices, folders, files, sockets, pipes, links; since version 2,
# move between folders
_CHANGE_FOLDERS: Final = sum(1 << bit for bit in range(4, 13))
_MOVE: Final = 1 << 13
_TCP: Final = 0b11  # bind and connect, since version 4
_DEVICES: Final = (
    *("/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/pts/*", "/dev/ptmx"),
    *("/dev/nvidia*", "/dev/dri/*", "/dev/kfd", "/dev/accel/*"),
)

_state: dict[str, Any] = {"own": False, "confined": False, "jobs": None}


def own_process() -> None:
    """Allow `confine` to act: nothing but keras2cv runs in this process."""
    _state["own"] = True


def version() -> int:
    """Return the version of Landlock that the kernel has; 0: it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(_call(_CREATE_RULESET, None, 0, _VERSION), 0)


def described() -> str:
    """Return in words which rights a stranger's model can be kept from here."""
    found = version()
    if found == 0:
        return "none: this system has no Landlock (Linux 5.13 and later)"
    network = " and opening TCP connections" if found >= 4 else ""
    return f"by Landlock {found}: from writing files{network}"


def can_confine() -> bool:
    """Whether `confine` would act, or has acted."""
    return bool(_state["own"]) and version() > 0


def confine(folders: Sequence[Path], *, network: bool = False) -> bool:
    """Leave this thread, its later threads and children the right to write in `folders` alone.

    Only the first call acts, and only after `own_process`.

    Args:
        folders: They exist; all below them can be written.
        network: Whether TCP stays allowed.

    Returns:
        Whether the rights are taken.
    """
    if _state["confined"]:
        return True
    found = version()
    if found == 0 or not _state["own"]:
        return False
    jobs: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_work, args=(jobs,), daemon=True).start()
    _state.update(jobs=jobs, confined=_restrict(found, folders, network))
    return bool(_state["confined"])


def freely(function: Callable[..., _Result], *args: Any, **kwargs: Any) -> _Result:
    """Return `function(*args, **kwargs)`, run with the rights that the process started with."""
    if not _state["confined"]:
        return function(*args, **kwargs)
    job: Future[_Result] = Future()
    _state["jobs"].put((job, lambda: function(*args, **kwargs)))
    return job.result()


@contextlib.contextmanager
def entered_freely(manager: Any) -> Iterator[Any]:
    """Enter and leave a context with the rights that the process started with."""
    value = freely(manager.__enter__)
    try:
        yield value
    except BaseException as error:
        if not freely(manager.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        freely(manager.__exit__, None, None, None)


def _work(jobs: Any) -> None:
    while True:
        job, function = jobs.get()
        try:
            job.set_result(function())
        except BaseException as error:
            job.set_exception(error)


def _restrict(found: int, folders: Sequence[Path], network: bool) -> bool:
    files = _WRITE_FILE | (_TRUNCATE if found >= 3 else 0)
    everything = files | _CHANGE_FOLDERS | (_MOVE if found >= 2 else 0)
    sockets = _TCP if found >= 4 and not network else 0
    attributes = struct.pack("=QQ", everything, sockets)[: 16 if found >= 4 else 8]
    rules = _call(_CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return False
    try:
        for folder in folders:
            _allow(rules, str(folder), everything)
        for pattern in _DEVICES:
            for device in glob.glob(pattern):  # noqa: PTH207 - not below one folder
                _allow(rules, device, files)
        libc = ctypes.CDLL(None, use_errno=True)
        return libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0 and (
            _call(_RESTRICT_SELF, rules, 0) == 0
        )
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, place)
        if _call(_ADD_RULE, rules, _PATH_BENEATH, rule, 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock does not take {path}")
    finally:
        os.close(place)


def _call(number: int, *args: Any) -> int:
    """Return the result of a system call; -1 for an error."""
    libc = ctypes.CDLL(None, use_errno=True)
    plain = [a if a is None or isinstance(a, bytes) else ctypes.c_long(a) for a in args]
    return int(libc.syscall(ctypes.c_long(number), *plain))
