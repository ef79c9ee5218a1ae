"""Ctrl-C, SIGTERM and SIGHUP end a command alike: files are finished, children end, a sentence.

Python runs a handler between two steps of the main thread, and OpenCV may be in one step for long.
So a thread watches: if the main thread does not get to the handler in time, the signal acts at
once, as it does on a program without handlers. So does a second request to end. What comes within
a second of the first is the same request: `timeout` and service managers signal a process and then
its group, and a parent passes on what its child got as well.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

PATIENCE_S: Final = 8.0  # for the main thread to begin to end; service managers wait 10 or more
_SAME_S: Final = 1.0  # signals that one request sends
_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")
_USUAL: Final = (signal.SIG_DFL, signal.default_int_handler)


class Ended(KeyboardInterrupt):
    """A signal that asks this process to end; code that cleans up after Ctrl-C does so here."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def exit_code_of(error: BaseException | None) -> int:
    """Return 128 and the number of the signal behind `error`, which may be its cause."""
    while error is not None and not isinstance(error, Ended):
        error = error.__cause__ or error.__context__
    return 128 + (signal.SIGINT if error is None else error.number)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let these signals raise `Ended`; one that is ignored, as under nohup, stays ignored.

    So does the handler of a program that calls the command line.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    caught = {n: found for n in numbers if (found := signal.getsignal(n)) in _USUAL}
    with _watched(frozenset(caught)) as (begun, is_watched):

        def end(number: int, _: Any) -> None:
            if begun.is_set():  # the thread knows what to do
                return
            begun.set()
            if not is_watched:
                signal.signal(number, signal.SIG_DFL)  # the second one ends this process at once
            raise Ended(number)

        for number in caught:
            signal.signal(number, end)
        try:
            yield
        finally:
            for number, before in caught.items():
                signal.signal(number, before)


def leave_to_system() -> None:
    """Let a later Ctrl-C end this process without a word: all that Python has left is its end."""
    in_main = threading.current_thread() is threading.main_thread()
    if in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def _watched(numbers: frozenset[int]) -> Iterator[tuple[threading.Event, bool]]:
    """Give an event to set when the first of the signals is handled, and whether a thread waits."""
    begun = threading.Event()
    pipe = None if sys.platform == "win32" or not numbers else _pipe()
    if pipe is None:
        yield begun, False
        return
    reader, writer = pipe
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(reader, numbers, begun), daemon=True)
    with contextlib.suppress(RuntimeError):  # where the system starts no thread, nobody watches
        watch.start()
    try:
        yield begun, watch.is_alive()
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)  # which ends the thread
        if watch.is_alive():
            watch.join(1.0)


def _pipe() -> tuple[int, int] | None:
    """Return a pipe's two ends; None where the system opens no more files."""
    try:
        return os.pipe()
    except OSError:
        return None


def _watch(reader: int, numbers: frozenset[int], begun: threading.Event) -> None:
    asked_s = None
    while came := os.read(reader, 1):
        if came[0] not in numbers:
            continue
        if asked_s is None:
            asked_s = time.monotonic()
            if not begun.wait(PATIENCE_S):
                _end_at_once(came[0])
        elif time.monotonic() - asked_s > _SAME_S:
            _end_at_once(came[0])
    os.close(reader)


def _end_at_once(number: int) -> None:
    """End this process as the signal does: only the main thread may put its default back."""
    os._exit(128 + number)
