"""`keras2cv selftest BUNDLE`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.cli.run import add_runtime_arguments
from keras2cv.errors import VerdictError
from keras2cv.opencv import require_opencv

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


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a folder made by export")
    add_runtime_arguments(parser)
    add_json_argument(parser, "every comparison")


def execute(args: Namespace) -> int:
    """Compare, and print a line per comparison."""
    require_opencv()
    from keras2cv.predictor import load
    from keras2cv.selftest import run_selftest

    model = load(args.bundle, device=args.device, engine=args.engine, threads=args.threads)
    report = run_selftest(model)
    if args.json != STDOUT:
        print("\n".join(_lines(report)))
    if args.json:
        write_json(args.json, report.to_dict())
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
