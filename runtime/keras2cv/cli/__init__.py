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

from keras2cv.cli.output_guard import check_outputs
from keras2cv.cli.parser import make_parser
from keras2cv.errors import Keras2cvError, Keras2cvWarning, MissingDependency, UsageError
from keras2cv.isolation.confinement import own_process

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
    if argv is None:
        own_process()
    words = sys.argv[1:] if argv is None else argv
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        warnings.simplefilter("always", Keras2cvWarning)
        return _execute(words, "--debug" in words)


def _execute(words: Sequence[str], debug: bool) -> int:
    try:
        args = make_parser(words).parse_args(words)
        check_outputs(args)
        code = int(args.execute(args))
        sys.stdout.flush()
        return code
    except Keras2cvError as error:
        return _failed(error, debug)
    except ImportError as error:  # an installed module that does not load
        return _not_imported(error, debug)
    except KeyboardInterrupt:
        return _interrupted()
    except OSError as error:
        return _stopped(error, debug)
    except Exception as error:  # the only place where a bug of ours ends
        return _our_bug(error)


def _stopped(error: OSError, debug: bool) -> int:
    """Return the exit code for an error of the system: the reader is gone, or the disk is full."""
    if isinstance(error, BrokenPipeError):
        _forget_output()
        return OUTPUT_CLOSED
    refusal = _refusal(error)
    if refusal is None:
        return _our_bug(error)
    if error.errno in _FULL:
        _forget_output()
    return _failed(UsageError(refusal), debug)


def _refusal(error: OSError) -> str | None:
    """Explain what the system refuses; None: a bug of ours asked for it."""
    if error.errno in _FULL and error.filename is None:
        return f"The output cannot be written: {error.strerror}. Make room."
    if isinstance(error, PermissionError) and error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}. See who may enter its folder."
    if isinstance(error, FileNotFoundError) and _folder_is_gone():
        return "The current folder is gone. Go to one that exists."
    return None


def _folder_is_gone() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _not_imported(error: ImportError, debug: bool) -> int:
    if _is_of_ctrl_c(error):
        return _interrupted()
    reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    advice = f"{reason}. `keras2cv doctor` says what is missing, --debug where it failed."
    return _failed(MissingDependency(advice), debug)


def _interrupted() -> int:
    print("interrupted", file=sys.stderr)
    return INTERRUPTED


def _is_of_ctrl_c(error: BaseException | None) -> bool:
    """Return whether Ctrl-C caused an error: C++ modules that are being imported disguise it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


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
