"""`keras2cv check BUNDLE --against MODEL`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv_export.cli.heavy import load_function, print_parity, progress, require_exporter
from keras2cv_export.cli.option_arguments import add_options, taken
from keras2cv_export.options import CheckOptions, in_group, require_checkable

if TYPE_CHECKING:
    from keras2cv_export import CheckReport
    from keras2cv_export.bisecting import Bisection
    from keras2cv_export.end_to_end.stages import EndToEnd

USAGE: Final = "BUNDLE --against MODEL [options]"
ABOUT: Final = """\
Run a bundle in OpenCV and its Keras model in TensorFlow on the same inputs, and
compare every output. Pictures go through both whole pipelines, from the file to
the answer, and each stage's part of the difference is shown. The answers are
compared with your own pipeline's, or with the model's library where it says
how answers are made; what has no reference is listed as not compared. The exit
code is 0 if they agree, 1 if not, 2 if something cannot be read or does not
fit, 4 if the outputs carry too little information to judge.
"""
EXAMPLES: Final = """\
  keras2cv check cat.cv --against cat.keras
  keras2cv check cat.cv --against cat.keras --samples photos/ --tolerance strict
  keras2cv check cat.cv --against cat.h5 --samples in/ --reference-resize keras
  keras2cv check cat.cv --against cat.h5 --samples in/ --reference-answers my:fn
  keras2cv check two.cv --against two.h5 --tolerance boxes:1e-3 --json -
  keras2cv check cat.cv --against cat.keras --bisect --repro for_opencv/
"""
OUTPUTS: Final = {"repro": "folder"}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_options(parser, CheckOptions, in_group(CheckOptions, ""))
    parser.add_argument(
        "--html", metavar="FILE", type=Path, help="write a page with charts and pictures to FILE"
    )
    add_json_argument(parser, "the comparison, with versions, host and values,")


def execute(args: Namespace) -> int:
    """Compare, and print the table."""
    require_exporter("check", page=args.html is not None)
    options = CheckOptions(**taken(args, CheckOptions), progress=progress)
    require_checkable(options)
    checking = "keras2cv_export.checks.checking"
    report = load_function(checking, "check_bundle", lean=not _runs_own_code(options))(options)
    if args.json != STDOUT:
        _print_report(report)
    if args.json:
        write_json(args.json, report.to_dict())
    if args.html is not None:
        _write_page(report, args.html)
    return int(report.exit_code)


def _runs_own_code(options: CheckOptions) -> bool:
    """Whether modules of the user's may run, which may want all of Keras."""
    answers = options.reference_answers
    is_code = answers is not None and not str(answers).lower().endswith(".json")
    return bool(options.imports) or options.reference_fn is not None or is_code


def _write_page(report: CheckReport, path: Path) -> None:
    from keras2cv_export.checks.page import write_page

    write_page(report, path)


def _print_report(report: CheckReport) -> None:
    print(*report.notes, sep="\n", end="\n" if report.notes else "")
    for engine, parity in report.by_engine:
        print(f"{report.bundle} on the {engine} engine")
        print_parity(parity)
    for name, walked in report.walks if report.journey is not None else ():
        if len(report.walks) > 1:
            print(f"input {name}")
        _print_stages(walked)
    for line in _conclusions(report):
        print(line)
    if report.speed is not None:
        print(report.speed)
    if report.bisect is not None:
        _print_bisection(report.bisect)


def _conclusions(report: CheckReport) -> Iterator[str]:
    """Yield what was found beside the numbers, the verdict, and what it does not cover."""
    yield from report.mismatches
    if report.answers is not None:
        yield f"answers: {report.answers.verdict} ({report.answers})"
        yield from (f"  {reason}" for reason in report.answers.reasons)
    for finding in report.findings:
        yield f"{finding}" if finding.verdict != "pass" else f"note: {finding.text}"
    yield f"verdict: {report.verdict}"
    yield from (f"  {part}" for part in report.not_compared)


def _print_bisection(found: Bisection) -> None:
    from keras2cv_export.bisecting import render
    from keras2cv_export.cli.console import safe_console

    render(found, safe_console())


def _print_stages(report: EndToEnd) -> None:
    from keras2cv_export.cli.console import safe_console
    from keras2cv_export.end_to_end.render import render_stages

    render_stages(report, safe_console())
