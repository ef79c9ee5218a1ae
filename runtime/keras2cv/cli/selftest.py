"""`keras2cv selftest BUNDLE`."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.cli.run import add_runtime_arguments
from keras2cv.errors import NetError, VerdictError
from keras2cv.net.opencv import require_opencv

if TYPE_CHECKING:
    from keras2cv.selftest import SelfTestReport

USAGE: Final = "BUNDLE [options]"
ABOUT: Final = """\
Run the bundle's golden vectors on this machine: does its OpenCV still say what
TensorFlow said? TensorFlow is not needed. Exit code 1 if it does not.
"""
EXAMPLES: Final = """\
  keras2cv selftest cat.cv
  keras2cv selftest cat.cv --engine classic --json report.json
"""
_TIMEOUT_S: Final = 600
_EXIT_CODES: Final = range(5)  # of `keras2cv` itself


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a folder made by export")
    add_runtime_arguments(parser)
    parser.add_argument(
        "--in-process",
        action="store_true",
        help="do not start a process of its own, which a graph that crashes OpenCV would end",
    )
    add_json_argument(parser, "every comparison")


def execute(args: Namespace) -> int:
    """Compare, in a process of its own, and print a line per comparison."""
    require_opencv()
    return _compare(args) if args.in_process else _in_child(args)


def _in_child(args: Namespace) -> int:
    """Run this very verb in a process that may crash, and pass on what it says."""
    from keras2cv.isolation.child import gib, run_child
    from keras2cv.isolation.isolated import child_environment, ending

    command = [sys.executable, "-m", "keras2cv", "selftest", str(args.bundle), "--in-process"]
    for name in ("device", "engine", "threads", "json"):
        if (value := getattr(args, name)) is not None:
            command += [f"--{name}", str(value)]
    done = run_child(command, timeout_s=_TIMEOUT_S, env=child_environment())
    if done.code is None:
        raise NetError(
            f"OpenCV was not done with {args.bundle} after {_TIMEOUT_S} s. Try the other engine."
        )
    if done.out_of_memory:
        raise NetError(
            f"OpenCV asked for more than the {gib(done.limit)} of memory that it may have here, "
            f"for {args.bundle}. Free some, or try the other engine."
        )
    if done.code not in _EXIT_CODES:
        raise NetError(
            f"OpenCV crashed on {args.bundle} ({ending(done.code)}); its last words: "
            f"{done.last_words}. Try the other engine, or export it for this OpenCV, with --opencv."
        )
    sys.stderr.write(done.stderr)
    sys.stdout.write(done.stdout)
    return done.code


def _compare(args: Namespace) -> int:
    from keras2cv.predictor import load
    from keras2cv.selftest import run_selftest

    model = load(
        args.bundle,
        device=args.device,
        engine=args.engine,
        threads=args.threads,
        check_device=args.device == "auto",  # which is then the CPU, where CUDA is wrong
    )
    report = run_selftest(model)
    if args.json != STDOUT:
        print("\n".join(_lines(report)))
        if model.device_choice.why:
            print(f"  ({model.device_choice.why})")
    if args.json:
        devices = model.device_choice.to_dict()
        write_json(args.json, {**report.to_dict(), "devices": devices})
    return 0 if report.verdict == "pass" else VerdictError.exit_code


def _lines(report: SelfTestReport) -> Iterator[str]:
    where = f"OpenCV {report.opencv}, {report.engine} engine, {report.device}"
    yield f"self-test: {report.verdict} ({where})"
    case = max((len(row.case) for row in report.rows), default=0)
    name = max((len(row.output) for row in report.rows), default=0)
    for row in report.rows:
        found = row.problem or f"{row.measured:.1e} of {row.limit:.1e} allowed"
        verdict = "pass" if row.passed else "FAIL"
        yield f"  {verdict}  {row.case:<{case}}  {row.output:<{name}}  {found}"
    for problem in report.problems:
        yield f"  FAIL  {problem}"
