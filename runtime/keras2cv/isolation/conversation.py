"""The parent's side of a child process: it sends requests and receives replies."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import keras2cv.errors
from keras2cv.errors import Keras2cvError
from keras2cv.isolation.endings import speaks_of_memory
from keras2cv.isolation.launching import Entry, kill_group, launch
from keras2cv.isolation.limits import Limits
from keras2cv.isolation.lost import (
    ChildCrash,
    ChildNotStarted,
    ChildOutOfMemory,
    ChildTimeout,
)
from keras2cv.isolation.reading import Log, Replies, start_thread

Reply = dict[str, Any]

_SURELY_FITS: Final = 4096  # bytes that every system's pipe takes without a reader
_END_S: Final = 60.0  # for a child that has no more requests to end
_EXIT_S: Final = 5.0  # for a process that has closed its pipes


def run_once(
    entry: Entry, request: Mapping[str, Any], limits: Limits, folder: Path | None = None
) -> Reply:
    """Return the reply to one request, from a child of its own.

    Args:
        entry: The function that the child runs.
        request: A JSON map.
        limits: The child's time and memory.
        folder: The child's working folder; None: this process' own.

    Raises:
        ChildNotStarted: The system does not start it.
        ChildLost: It gave no reply, or crashed after it.
        Keras2cvError: The function raised it.
    """
    with Conversation(entry, limits, folder) as child:
        reply = child.ask(request)
        child.close()
        return reply


class Conversation:
    """A child process that answers requests until it is closed; a context that ends it.

    Attributes:
        entry: The function that it runs.
        pid: Its number.
        reports: Everything that it reported; of each key, the last value.
    """

    def __init__(
        self,
        entry: Entry,
        limits: Limits,
        folder: Path | None = None,
        listen: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        """Start the child; it imports its entry while this process goes on.

        Args:
            entry: The function that it runs.
            limits: Its time and memory.
            folder: Its working folder; None: this process' own.
            listen: Called with each report while this process waits for a reply.

        Raises:
            ChildNotStarted: The system does not start it.
        """
        self.entry = entry
        self._listen = listen
        self.reports: dict[str, Any] = {}
        self._limits = limits
        self._more_s = limits.start_seconds
        self._memory = limits.effective_memory()
        paths = entry.import_paths()
        self._process = launch(entry, folder)
        self.pid = self._process.pid
        self._log, self._replies = self._read_pipes()
        in_main = threading.current_thread() is threading.main_thread()
        # PR_SET_PDEATHSIG acts when the starting thread ends, which a process may outlive.
        self.send({"paths": paths, "memory_bytes": self._memory, "main_thread": in_main})

    def __enter__(self) -> Conversation:
        """Use it."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whatever it is doing."""
        self.end()

    @property
    def log(self) -> str:
        """The end of the output of a child that is closed."""
        return self._log.text()

    def ask(self, request: Mapping[str, Any], seconds: float | None = None) -> Reply:
        """Return the reply to a request, within `seconds` or the limits' own.

        Raises:
            ChildLost: It gave no reply.
            Keras2cvError: The function raised it; the child has ended.
        """
        self.send(request)
        return self.reply(seconds)

    def send(self, request: Mapping[str, Any]) -> None:
        """Send a request without waiting; call `reply` before the next one."""
        line = (json.dumps(request) + "\n").encode()
        if len(line) <= _SURELY_FITS:
            self._write(line)
        else:  # a child that hangs must not hang its parent
            start_thread(lambda: self._write(line))

    def reply(self, seconds: float | None = None) -> Reply:
        """Return the reply to the last request, within `seconds` or the limits' own.

        Raises:
            ChildLost: There is none.
            Keras2cvError: The function raised it; the child has ended.
        """
        allowed_s = (self._limits.seconds if seconds is None else seconds) + self._more_s
        deadline = time.monotonic() + allowed_s
        while True:
            try:
                message = self._replies.next(deadline - time.monotonic())
            except queue.Empty:
                self.end()
                raise ChildTimeout(allowed_s, self.reports, self.log) from None
            if message is None:
                raise self._loss()
            if "reply" in message:
                self._more_s = 0.0
                reply: Reply = message["reply"]
                return reply
            if "error" in message:
                raise self._error(str(message["error"]), str(message["message"]))
            self.reports.update(message)
            self._listen(message)

    def close(self) -> None:
        """Let the child end by itself.

        Raises:
            ChildCrash: It crashed while it ended.
            ChildTimeout: It did not end.
        """
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.close()
        self.reports["stage"] = "ending"
        self._replies.finish(_END_S)  # to wait for the process itself takes polling
        try:
            code = self._process.wait(_EXIT_S)
        except subprocess.TimeoutExpired:
            self.end()
            raise ChildTimeout(_END_S, self.reports, self.log) from None
        if code != 0:
            raise ChildCrash(code, self.reports, self.log)

    def _read_pipes(self) -> tuple[Log, Replies]:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        assert self._process.stderr is not None  # noqa: S101 - it is a pipe
        try:
            log = Log(self._process.stderr)
            return log, Replies(self._process.stdout, log.add)
        except RuntimeError as error:
            kill_group(self._process)
            self._process.wait()
            raise ChildNotStarted(
                f"A process cannot be watched: {error}. End some threads, or see `ulimit -v`."
            ) from error

    def _write(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        with contextlib.suppress(OSError, ValueError):  # it has ended, as reading its reply shows
            while line:
                line = line[self._process.stdin.write(line) or 0 :]

    def _error(self, name: str, message: str) -> Keras2cvError:
        """Return the error that the child's function raised."""
        self.end()
        if speaks_of_memory(message) or speaks_of_memory(self.log):
            return ChildOutOfMemory(self._memory, self.reports, f"{self.log}\n{message}")
        kind = getattr(keras2cv.errors, name, Keras2cvError)
        raised: Keras2cvError = kind(message)
        return raised

    def _loss(self) -> ChildCrash | ChildOutOfMemory:
        """Return the error for a child that has closed its pipe."""
        try:
            code = self._process.wait(_EXIT_S)
        except subprocess.TimeoutExpired:
            self.end()
            code = self._process.returncode
        self.end()
        if code != 0 and speaks_of_memory(self.log):
            return ChildOutOfMemory(self._memory, self.reports, self.log)
        return ChildCrash(code, self.reports, self.log)

    def kill(self) -> None:
        """Kill the child from any thread; the thread that waits for a reply gets ChildCrash."""
        kill_group(self._process)

    def end(self) -> None:
        """Kill the child and its group, and close the pipes."""
        kill_group(self._process)
        self._process.wait()
        self._replies.finish()
        self._log.finish()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
