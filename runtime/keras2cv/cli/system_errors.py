"""The sentence for what the system refuses: a full disk, a limit, a folder that may not be used."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from keras2cv.errors import Keras2cvError, MissingDependency, UsageError

FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # of the disk behind stdout
STDOUT: Final = "<stdout>"  # the file name in errors of writing there
_TOO_MANY: Final = (errno.EMFILE, errno.ENFILE)
_OF_PATHS: Final = (errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ELOOP)
_TMPDIR: Final = (
    "There is no place for temporary files. Name a folder that you may write to in the environment "
    "variable TMPDIR."
)
_NO_PLACE: Final = "No usable temporary directory"  # of the module tempfile
_NO_THREAD: Final = "can't start new thread"


def refusal_of(error: BaseException) -> Keras2cvError | None:
    """Return the error to report for one of the system; None: a bug of ours caused it."""
    causes = list(_causes(error))
    if any(isinstance(one, MemoryError) or _is_of(one, errno.ENOMEM) for one in causes):
        return MissingDependency(
            "There is no memory left that this process may have. Free some, or see `ulimit -v` and "
            "`ulimit -d`."
        )
    if any(isinstance(one, RuntimeError) and _NO_THREAD in str(one) for one in causes):
        return MissingDependency(
            "The system starts no more threads. End some, or see `ulimit -u` and `ulimit -v`."
        )
    return _of_files(error) if isinstance(error, OSError) else None


def is_of_output(error: BaseException) -> bool:
    """Whether an error is one of writing to stdout."""
    if not isinstance(error, OSError):
        return False
    return error.filename == STDOUT or (error.errno in FULL and error.filename is None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, and those that it was raised for or after."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_of(error: BaseException, number: int) -> bool:
    return isinstance(error, OSError) and error.errno == number


def _of_files(error: OSError) -> Keras2cvError | None:
    if error.errno in _TOO_MANY:
        return MissingDependency("Too many files are open. Close some, or see `ulimit -n`.")
    sentence = _sentence(error)
    return None if sentence is None else UsageError(sentence)


def _sentence(error: OSError) -> str | None:
    name, reason = error.filename, error.strerror
    if is_of_output(error):
        advice = "Make room." if error.errno in FULL else "See where it leads."
        return f"The output cannot be written: {reason}. {advice}"
    if error.errno == errno.ENOENT and _NO_PLACE in str(error):
        return _TMPDIR
    if name is not None and error.errno in _OF_PATHS:
        return f"{name} cannot be used: {reason}. See who may enter its folder, and its name."
    if isinstance(error, FileNotFoundError) and _folder_is_gone():
        return "The current folder is gone. Go to one that exists."
    return None


def _folder_is_gone() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False
