"""`keras2cv check BUNDLE --against MODEL`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keras2cv.cli import values
from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.errors import UsageError
from keras2cv_export.cli.heavy import (
    add_model_arguments,
    load_exporter,
    print_parity,
    progress,
    tolerance_of,
)

if TYPE_CHECKING:
    from keras2cv_export import CheckReport
    from keras2cv_export.bisecting import Bisection
    from keras2cv_export.end_to_end.stages import EndToEnd

USAGE: Final = "BUNDLE --against MODEL [options]"
ABOUT: Final = """\
Run a bundle in OpenCV, and the Keras model that it was made from in TensorFlow,
on the same inputs, and compare every output. Pictures go through both whole
pipelines, file to answer, and the difference is split into its stages. Exit
code 0 if they agree, 1 if not, 4 if the outputs say too little.
"""
EXAMPLES: Final = """\
  keras2cv check cat.cv --against cat.keras
  keras2cv check cat.cv --against cat.keras --samples photos/ --tolerance strict
  keras2cv check cat.cv --against cat.h5 --samples in/ --reference-resize keras
  keras2cv check two.cv --against two.h5 --tolerance boxes:1e-3 --json -
  keras2cv check cat.cv --against cat.keras --bisect --repro for_opencv/
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a folder made by export")
    parser.add_argument(
        "--against", metavar="MODEL", type=Path, required=True, help="a .keras, .h5 or folder"
    )
    add_model_arguments(parser)
    parser.add_argument(
        "--engine", choices=("new", "classic"), help="of OpenCV (default: each that was verified)"
    )
    parser.add_argument(
        "--reference-resize",
        metavar="[RULE:]METHOD",
        help="how pictures got their size in training: keras (load_img), tf (tf.image.resize), "
        "tf-antialias, pil-bilinear, letterbox:tf, ... (default: as the bundle says)",
    )
    parser.add_argument(
        "--reference-preprocess",
        metavar="PRESET|FILE.json",
        help="how their pixels were scaled: none, 0-1, tf, torch, caffe or a file "
        "(default: as the bundle says)",
    )
    parser.add_argument(
        "--reference-fn",
        metavar="MODULE:FUNCTION",
        help="your own function from a file's path to the model's input, instead of both",
    )
    parser.add_argument(
        "--labels", metavar="FILE", help="hold the bundle's labels to these, one per line"
    )
    parser.add_argument(
        "--no-speed", dest="speed", action="store_false", help="leave the timing out"
    )
    parser.add_argument(
        "--max-ratio",
        type=values.above_zero,
        metavar="R",
        help="fail if predict takes more than R times TensorFlow's time",
    )
    parser.add_argument(
        "--bisect",
        action="store_true",
        help="find the first layer whose output diverges, and say whose fault that is",
    )
    parser.add_argument(
        "--repro",
        type=Path,
        metavar="DIR",
        help="with --bisect: write a reproduction that needs OpenCV alone, for a bug report",
    )
    parser.add_argument(
        "--html", metavar="FILE", type=Path, help="write a page with charts and pictures to FILE"
    )
    add_json_argument(parser, "the comparison, with versions, host and values,")


def execute(args: Namespace) -> int:
    """Compare, and print the table."""
    if args.max_ratio is not None and not args.speed:
        raise UsageError("--max-ratio needs the timing that --no-speed leaves out. Drop one.")
    if args.repro is not None and not args.bisect:
        raise UsageError("--repro writes what --bisect finds. Add --bisect.")
    check = load_exporter(
        "check", "keras2cv_export", "check", model=args.against, page=args.html is not None
    )
    report = check(
        args.bundle,
        against=args.against,
        samples=args.samples,
        tolerance=tolerance_of(args),
        engine=args.engine,
        unsafe=args.unsafe,
        imports=args.imports,
        reference_resize=args.reference_resize,
        reference_preprocess=args.reference_preprocess,
        reference_fn=args.reference_fn,
        labels=args.labels,
        speed=args.speed,
        max_ratio=args.max_ratio,
        bisect=args.bisect,
        repro=args.repro,
        progress=progress,
    )
    if args.json != STDOUT:
        _print_report(report)
    if args.json:
        write_json(args.json, report.to_dict())
    if args.html is not None:
        _write_page(report, args.html)
    return int(report.exit_code)


def _write_page(report: CheckReport, path: Path) -> None:
    from keras2cv_export.checks.page import write_page

    write_page(report, path)


def _print_report(report: CheckReport) -> None:
    print(*report.notes, sep="\n", end="\n" if report.notes else "")
    for engine, parity in report.by_engine:
        print(f"{report.bundle} on the {engine} engine")
        print_parity(parity)
    if report.journey is not None:
        _print_stages(report.journey.report)
    print(*report.mismatches, sep="\n", end="\n" if report.mismatches else "")
    if report.speed is not None:
        print(report.speed)
    if report.bisect is not None:
        _print_bisection(report.bisect)


def _print_bisection(found: Bisection) -> None:
    from rich.console import Console

    from keras2cv_export.bisecting import render

    render(found, Console())


def _print_stages(report: EndToEnd) -> None:
    from rich.console import Console

    from keras2cv_export.end_to_end.render import render_stages

    render_stages(report, Console())
