"""Start a child process, and explain in a sentence why the system refuses."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from keras2cv.isolation.lost import ChildNotStarted

_OURS: Final = __name__.partition(".")[0]  # a generated program has another name for it
_BOOTSTRAP: Final = Path(__file__).resolve().with_name("bootstrap.py")
_REASONS: Final = {
    errno.ENOENT: "there is no such program; give the path of a Python that is installed",
    errno.ENOTDIR: "there is no such program; give the path of a Python that is installed",
    errno.EACCES: "it may not be executed; see its permissions, and its disk's mount options",
    errno.EPERM: "it may not be executed; see its permissions, and its disk's mount options",
    errno.ENOEXEC: "it is no program for this machine; give the path of another Python",
    errno.ENOMEM: "the system has no memory left for another process; free some",
    errno.EAGAIN: "the system allows no more processes or threads; end some, or see `ulimit -u`",
    errno.E2BIG: "the environment variables are too large; remove some",
    errno.EMFILE: "too many files are open; close some, or see `ulimit -n`",
    errno.ENFILE: "too many files are open in the whole system; close some",
}


@dataclass(frozen=True)
class Entry:
    """A function that a child process runs.

    Attributes:
        function: "package.module:function", or "/path/of/file.py:function".
        packages: The packages that the child imports from the same place as this process.
        python: The interpreter.
        variables: The child's environment variables; None: this process' own.
    """

    function: str
    packages: tuple[str, ...] = (_OURS,)
    python: str | Path = sys.executable
    variables: Mapping[str, str] | None = None

    def import_paths(self) -> list[str]:
        """Return the folders that `packages` lie in, each once.

        Raises:
            ChildNotStarted: A package is not installed.
        """
        return list(dict.fromkeys(_home_of(name) for name in self.packages))


def launch(entry: Entry, folder: Path | None) -> subprocess.Popen[bytes]:
    """Start the child that runs `entry`, in `folder` or the current one.

    Raises:
        ChildNotStarted: The system refuses.
    """
    if folder is not None and not folder.is_dir():
        raise ChildNotStarted(f"A process cannot start in {folder}: there is no such folder.")
    if not str(entry.python):
        raise ChildNotStarted("This Python has no program to start again; run it as `python`.")
    try:
        return subprocess.Popen(
            [str(entry.python), str(_BOOTSTRAP), entry.function],
            env=_environment(entry.variables),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except (OSError, MemoryError) as error:
        raise ChildNotStarted(f"{entry.python} does not start: {_reason(error)}.") from error


def in_child() -> bool:
    """Whether this process is such a child itself."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return main is not None and Path(main) == _BOOTSTRAP


def kill_group(child: subprocess.Popen[bytes]) -> None:
    """End a child, and every process that it has started in its group."""
    if sys.platform == "win32":
        child.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it is over already
        os.killpg(child.pid, signal.SIGKILL)


def _environment(variables: Mapping[str, str] | None) -> dict[str, str]:
    """Return the child's environment, from which no import leads to the current folder."""
    kept = dict(os.environ if variables is None else variables)
    paths = [p for p in kept.pop("PYTHONPATH", "").split(os.pathsep) if p]
    if paths:
        kept["PYTHONPATH"] = os.pathsep.join(str(Path(p).absolute()) for p in paths)
    return {**kept, "PYTHONSAFEPATH": "1"}


def _home_of(package: str) -> str:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ChildNotStarted(f"The package {package} is not installed in this Python.")
    return str(Path(next(iter(spec.submodule_search_locations))).resolve().parent)


def _reason(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return _REASONS[errno.ENOMEM]
    if isinstance(error, OSError) and error.errno in _REASONS:
        return _REASONS[error.errno]
    return str(getattr(error, "strerror", None) or error)
