"""`keras2cv VERB`: parse, call, print, exit code. One file per verb; all logic is elsewhere.

Results go to stdout, progress and logs to stderr. This package imports neither cv2 nor NumPy, so
that it can report that they are missing.

    0    yes, done                   3    the environment lacks something
    1    the answer is no            4    inconclusive
    2    usage or bad input          130  interrupted
    70   a bug of ours, with its traceback (EX_SOFTWARE of sysexits.h)
    141  whoever read our output went away, as `| head` does (128 + SIGPIPE)
"""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from keras2cv.cli.parser import make_parser
from keras2cv.errors import Keras2cvError, Keras2cvWarning, MissingDependency, UsageError

INTERRUPTED: Final = 130
OUR_BUG: Final = 70
OUTPUT_CLOSED: Final = 141
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # of the disk behind stdout


def main(argv: Sequence[str] | None = None) -> int:
    """Run `keras2cv` with the arguments `argv` (the process' own by default); return the exit code.

    Raises:
        SystemExit: from argparse: 0 after --help and --version, 2 for arguments it cannot read.
    """
    _replace_closed_streams()
    _escape_what_the_terminal_cannot_show()
    words = sys.argv[1:] if argv is None else argv
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        warnings.simplefilter("always", Keras2cvWarning)
        return _execute(words, "--debug" in words)


def _execute(words: Sequence[str], debug: bool) -> int:
    try:
        args = make_parser(words).parse_args(words)
        code = int(args.execute(args))
        sys.stdout.flush()
        return code
    except Keras2cvError as error:
        return _failed(error, debug)
    except ImportError as error:  # an installed module that does not load
        reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
        advice = f"{reason}. `keras2cv doctor` says what is missing, --debug where it failed."
        return _failed(MissingDependency(advice), debug)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        return _stopped(error)
    except Exception as error:  # the only place where a bug of ours ends
        return _our_bug(error)


def _stopped(error: OSError) -> int:
    """Return the exit code for an error of the system: the reader is gone, or the disk is full."""
    if isinstance(error, BrokenPipeError):
        _forget_output()
        return OUTPUT_CLOSED
    if error.errno not in _FULL or error.filename is not None:
        return _our_bug(error)
    _forget_output()
    print(f"error: The output cannot be written: {error.strerror}. Make room.", file=sys.stderr)
    return UsageError.exit_code


def _our_bug(error: Exception) -> int:
    traceback.print_exc()
    name = type(error).__name__
    print(f"error: a bug in keras2cv ({name}). Please report the above.", file=sys.stderr)
    return OUR_BUG


def _forget_output() -> None:
    """Drop the output that is still buffered for stdout, so that Python exits without an error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: Keras2cvError, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"error: {error}", file=sys.stderr)
    return error.exit_code


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"warning: {message}", file=sys.stderr)


def _replace_closed_streams() -> None:
    """Let the null device stand for a stream that is closed, as after `>&-`.

    In this order each takes its own descriptor, which the next file would get otherwise, with all
    that OpenCV prints there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - it stays open
            setattr(sys, name, stream)


def _escape_what_the_terminal_cannot_show() -> None:
    """Let a label or file name that stdout's encoding lacks be printed escaped, not crash."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
