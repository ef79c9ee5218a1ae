"""Let a verb that opens a stranger's model run in a child, whose crash becomes a sentence.

TensorFlow and OpenCV are large C++ libraries, and a file on which one of them aborts must not end
the command without a word. The child is forked before anything is imported, so that it costs a
millisecond, and is the command itself: same terminal, same group, same handlers. The parent waits,
passes on the signals that it is sent, and ends with the child's exit code.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from keras2cv.cli.styles import Styled, print_line
from keras2cv.errors import ModelError
from keras2cv.isolation.bootstrap import die_with_parent
from keras2cv.isolation.endings import ending
from keras2cv.plain_files import real_path

VERBS: Final = frozenset(("export", "check", "inspect", "evaluate", "run"))
_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_PASSED_ON: Final = frozenset(getattr(signal, name) for name in _NAMES if hasattr(signal, name))


def exit_code_of_child(words: Sequence[str]) -> int | None:
    """Fork; return the child's exit code in the parent, and None in the child.

    None as well where this process has to do the work: on other systems than Linux, for other
    verbs, and where the system starts no process.
    """
    if not words or words[0] not in VERBS or not sys.platform.startswith("linux"):
        return None
    watched = {signal.SIGCHLD, *_PASSED_ON}
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored, a child ends unnoticed
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    parent = os.getpid()
    try:
        child = os.fork()
    except OSError:
        child = 0
    if child == 0:
        if os.getpid() != parent:
            die_with_parent()
            if os.getppid() != parent:  # it ended before that
                os._exit(128 + signal.SIGKILL)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return None
    return _code(_waited(child, watched), words)


def _waited(child: int, watched: set[signal.Signals]) -> int:
    """Return the child's exit code, negative for a signal, as `subprocess` has it."""
    while True:
        came = signal.sigwaitinfo(watched)
        if came.si_signo == signal.SIGCHLD:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid == child:
                return os.waitstatus_to_exitcode(status)
        elif came.si_code <= 0:  # a process sent it; the terminal's go to the whole group
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, came.si_signo)


def _code(code: int, words: Sequence[str]) -> int:
    if code < 0 or code - 128 in _PASSED_ON:
        _remove_half_made(words)
    if code >= 0:
        return code
    if -code in _PASSED_ON:  # somebody asked for its end
        return 128 - code
    print_line(
        Styled("error:", "red"),
        f" The process that opened the file crashed ({ending(code)}): TensorFlow or OpenCV cannot "
        "read it, and did not say why. Do not use a file of which you do not know the source.",
        to_stderr=True,
    )
    return ModelError.exit_code


def _remove_half_made(words: Sequence[str]) -> None:
    """Remove what the child had no time to: its temporary files, and an unfinished bundle."""
    from keras2cv.bundle.leftovers import remove_leftovers

    for place in (Path(tempfile.gettempdir(), "keras2cv"), *map(Path, _outputs(words))):
        with contextlib.suppress(OSError):
            remove_leftovers(real_path(place))


def _outputs(words: Sequence[str]) -> Iterator[str]:
    """Yield what -o or --output names, in each of the forms that argparse takes."""
    for word, after in zip(words, [*words[1:], ""], strict=True):
        if word in ("-o", "--output"):
            yield after
        elif word.startswith("--output="):
            yield word.partition("=")[2]
        elif word.startswith("-o"):
            yield word[2:]
