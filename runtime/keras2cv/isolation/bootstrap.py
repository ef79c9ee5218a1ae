"""The child's side: `python /path/of/bootstrap.py ENTRY`, started by `launching.py`.

Any Python from 3.8 runs this file; it imports the standard library alone. The package's docstring
describes the protocol. A file beside this one must not be named as a module of the standard
library, because Python finds this folder first until `main` removes it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import signal
import sys
import threading
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from types import GeneratorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Answer = Callable[[dict[str, Any]], Any]

PROTOCOL = 1
_PIECE = 65_536


def main(entry: str) -> int:
    """Answer requests until there are no more; return the exit code."""
    if not getattr(sys.flags, "safe_path", False):  # Python 3.11: nothing was put there
        del sys.path[0]
    channel = Channel()
    channel.send(protocol=PROTOCOL)
    settings = channel.next_request()
    if settings is None:
        return 0
    channel.answered()
    if settings["main_thread"]:
        die_with_parent()
    limit_memory(settings["memory_bytes"])
    sys.path[:0] = settings["paths"]
    try:
        serve(load(entry), channel)
    except Exception as error:
        name = _name_of(error)
        if name is None:
            raise
        channel.send(error=name, message=str(error))
        return 1
    return 0


def load(entry: str) -> Any:
    """Return the function "module:function" or "/path/of/file.py:function".

    Raises:
        ImportError: the file is no Python file.
    """
    place, _, name = entry.rpartition(":")
    if not place.endswith(".py"):
        return getattr(import_module(place), name)
    stem = os.path.splitext(os.path.basename(place))[0]  # noqa: PTH119, PTH122 - no pathlib is loaded
    spec = spec_from_file_location(stem, place)
    if spec is None or spec.loader is None:
        raise ImportError(f"{place} is no Python file")
    module = sys.modules[stem] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


def serve(function: Any, channel: Channel) -> None:
    """Answer every request with the return value of `function`, or with its next yield."""
    channel.send(ready=True)
    answer: Answer | None = None
    for number in itertools.count():
        request = channel.next_request()
        if request is None:
            return
        channel.send(begun=number)
        if answer is None:
            answer, reply = _first(function, request, channel.send)
        else:
            reply = answer(request)
        channel.answered()
        channel.send(reply=reply)


def _first(function: Any, request: dict[str, Any], report: Any) -> tuple[Answer, Any]:
    """Return the function for the later requests, and the reply to the first."""
    reply = function(request, report)
    if isinstance(reply, GeneratorType):
        return reply.send, next(reply)
    return (lambda more: function(more, report)), reply


class Channel:
    """The two pipes to the parent, moved from stdin and stdout, which others may use."""

    def __init__(self) -> None:
        self._requests = os.dup(0)
        self._replies = os.dup(1)
        silence = os.open(os.devnull, os.O_RDWR)
        os.dup2(silence, 0)
        os.dup2(2, 1)  # output goes to the log
        os.close(silence)
        self._lock = threading.Lock()
        self._unanswered = 0
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, **fields: Any) -> None:
        """Write one line."""
        line = (json.dumps(fields) + "\n").encode()
        with self._lock:
            while line:
                line = line[os.write(self._replies, line) :]

    def next_request(self) -> dict[str, Any] | None:
        """Wait for a request; return None after the last one."""
        line = self._lines.get()
        found: dict[str, Any] | None = None if line is None else json.loads(line)
        return found

    def answered(self) -> None:
        """Record that a request is answered: from here on the parent may end."""
        with self._lock:
            self._unanswered -= 1

    def _listen(self) -> None:
        """Put requests in the queue; end this process if the parent ends before a reply."""
        pieces: list[bytes] = []
        while True:
            piece = os.read(self._requests, _PIECE)
            if not piece:
                break
            *whole, rest = piece.split(b"\n")
            for line in whole:
                with self._lock:
                    self._unanswered += 1
                self._lines.put(b"".join(pieces) + line)
                pieces = []
            pieces.append(rest)
        if self._unanswered:
            end_group()
        self._lines.put(None)


def die_with_parent() -> None:
    """Let Linux end this process with the thread that started it; elsewhere, stdin's end does."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(ImportError, AttributeError, OSError):
            import ctypes

            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def limit_memory(most: int | None) -> None:
    """Limit this process' writable memory (Linux), and leave no core dump."""
    if sys.platform == "win32":
        return
    import resource

    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if most is not None and sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, ValueError):  # an inherited limit is lower
            resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def end_group() -> None:
    """End this process and those that it has started, at once."""
    if sys.platform != "win32" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _name_of(error: BaseException) -> str | None:
    """Return the name of the error's class in `keras2cv.errors`; None if it has none there."""
    ours = (kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "keras2cv.errors")
    return next(ours, None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
