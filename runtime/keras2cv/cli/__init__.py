"""`keras2cv VERB`: parse, call, print, exit code. One file per verb; all logic is elsewhere.

Results go to stdout, progress and logs to stderr. This package imports neither cv2 nor NumPy, so
that it can report that they are missing.

    0    yes, done                   3    the environment lacks something
    1    the answer is no            4    inconclusive
    2    usage or bad input          130  interrupted; 143, 129 by SIGTERM, SIGHUP
    70   a bug of ours, with its traceback (EX_SOFTWARE of sysexits.h)
    141  whoever read our output went away, as `| head` does (128 + SIGPIPE)
"""

from __future__ import annotations

import io
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from keras2cv.cli.native_output import escaped_native_output, settle
from keras2cv.cli.output_guard import check_outputs
from keras2cv.cli.parser import make_parser
from keras2cv.cli.signals import ended_by_signals, exit_code_of, leave_to_system
from keras2cv.cli.styles import Styled, print_line
from keras2cv.cli.supervised import exit_code_of_child
from keras2cv.cli.system_errors import is_of_output, refusal_of
from keras2cv.cli.terminal import print_traceback, safe_streams
from keras2cv.errors import Keras2cvError, Keras2cvWarning, MissingDependency, UsageError
from keras2cv.isolation.confinement import own_process
from keras2cv.trial.importing import require_loadable

OUR_BUG: Final = 70
OUTPUT_CLOSED: Final = 141
_ERROR: Final = Styled("error:", "red")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `keras2cv` with the arguments `argv` (the process' own by default); return the exit code.

    Raises:
        SystemExit: from argparse: 0 after --help and --version, 2 for arguments it cannot read.
    """
    _replace_closed_streams()
    _escape_what_the_terminal_cannot_show()
    if argv is None:
        own_process()
        if (code := exit_code_of_child(sys.argv[1:])) is not None:
            return code
    try:
        with ended_by_signals():
            return _with_safe_output(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt as error:  # while the streams were made or put back
        return exit_code_of(error)
    finally:
        if argv is None:
            leave_to_system()


def _with_safe_output(words: Sequence[str]) -> int:
    with escaped_native_output(), safe_streams(), warnings.catch_warnings():
        warnings.showwarning = _shown_once()
        warnings.simplefilter("always", Keras2cvWarning)
        return _execute(words, "--debug" in words)


def _execute(words: Sequence[str], debug: bool) -> int:
    try:
        code = _run(words) if words else _show_verbs()
        sys.stdout.flush()
        return code
    except Keras2cvError as error:
        return _failed(error, debug)
    except ImportError as error:  # an installed module that does not load
        return _not_imported(error, debug)
    except KeyboardInterrupt as error:
        return _interrupted(error)
    except BrokenPipeError:
        _forget_output()
        return OUTPUT_CLOSED
    except Exception as error:  # the only place where a bug of ours ends
        return _stopped(error, debug)


def _run(words: Sequence[str]) -> int:
    args = make_parser(words).parse_args(words)
    check_outputs(args)
    require_loadable(("numpy", "cv2"))
    return int(args.execute(args))


def _show_verbs() -> int:
    """Print the verbs with examples: a command without a verb is none."""
    make_parser(()).print_help()
    return UsageError.exit_code


def _stopped(error: Exception, debug: bool) -> int:
    """Return the exit code for an error of the system, such as a full disk, or for a bug."""
    refusal = refusal_of(error)
    if refusal is None:
        return _our_bug(error)
    if is_of_output(error):
        _forget_output()
    return _failed(refusal, debug)


def _not_imported(error: ImportError, debug: bool) -> int:
    if _is_of_ctrl_c(error):
        return _interrupted(error)
    reason = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    advice = f"{reason}. `keras2cv doctor` says what is missing, --debug where it failed."
    return _failed(MissingDependency(advice), debug)


def _interrupted(error: BaseException) -> int:
    print("interrupted", file=sys.stderr)
    return exit_code_of(error)


def _is_of_ctrl_c(error: BaseException | None) -> bool:
    """Return whether Ctrl-C caused an error: C++ modules that are being imported disguise it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _our_bug(error: Exception) -> int:
    settle()
    print_traceback()
    name = type(error).__name__
    print_line(_ERROR, f" a bug in keras2cv ({name}). Please report the above.", to_stderr=True)
    return OUR_BUG


def _forget_output() -> None:
    """Drop the output that is still buffered for stdout, so that Python exits without an error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(error: Keras2cvError, debug: bool) -> int:
    if debug:
        print_traceback()
    settle()
    first, *more = error.lines
    print_line(_ERROR, f" {first}", to_stderr=True)
    if more:
        print(*more, sep="\n", file=sys.stderr)
    return error.exit_code


def _shown_once() -> Callable[..., None]:
    """Return a function that prints a warning, unless it has printed the same one before."""
    printed: set[str] = set()

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        if str(message) not in printed:
            printed.add(str(message))
            print_line(Styled("warning:", "yellow"), f" {message}", to_stderr=True)

    return show


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
