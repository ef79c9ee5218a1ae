"""`keras2cv check BUNDLE --against MODEL`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keras2cv.cli.heavy import (
    add_model_arguments,
    load_exporter,
    print_parity,
    progress,
    tolerance_of,
)
from keras2cv.cli.output import STDOUT, add_json_argument, write_json

if TYPE_CHECKING:
    from keras2cv_export import CheckReport

USAGE: Final = "BUNDLE --against MODEL [options]"
ABOUT: Final = """\
Run a bundle in OpenCV, and the Keras model that it was made from in TensorFlow,
on the same inputs, and compare every output. Exit code 0 if they agree, 1 if
not, 4 if the outputs say too little.
"""
EXAMPLES: Final = """\
  keras2cv check cat.cv --against cat.keras
  keras2cv check cat.cv --against cat.keras --samples photos/ --tolerance strict
  keras2cv check two.cv --against two.h5 --tolerance boxes:1e-3 --json -
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
    add_json_argument(parser, "the comparison")


def execute(args: Namespace) -> int:
    """Compare, and print the table."""
    check = load_exporter("check", "keras2cv_export", "check", model=args.against)
    report = check(
        args.bundle,
        against=args.against,
        samples=args.samples,
        tolerance=tolerance_of(args),
        engine=args.engine,
        unsafe=args.unsafe,
        imports=args.imports,
        progress=progress,
    )
    if args.json != STDOUT:
        _print_report(report)
    if args.json:
        write_json(args.json, report.to_dict())
    return int(report.parity.exit_code)


def _print_report(report: CheckReport) -> None:
    print(*report.notes, sep="\n", end="\n" if report.notes else "")
    for engine, parity in report.by_engine:
        print(f"{report.bundle} on the {engine} engine")
        print_parity(parity)
