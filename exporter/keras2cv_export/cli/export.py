"""`keras2cv export MODEL -o BUNDLE`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.cli.parser import Parser
from keras2cv.errors import InconclusiveError, ParityError
from keras2cv_export.cli import roles
from keras2cv_export.cli.heavy import load_function, print_parity, progress, require_exporter
from keras2cv_export.cli.option_arguments import add_options, taken
from keras2cv_export.options import MEANING, NET, ExportOptions, in_group, require_ready

if TYPE_CHECKING:
    from keras2cv.bundle.manifest import Manifest
    from keras2cv_export import ExportReport

USAGE: Final = "MODEL -o BUNDLE [options]"
ABOUT: Final = """\
Turn a Keras model (.keras, .h5 or a SavedModel folder) into a bundle: a folder
that OpenCV runs. OpenCV's predictions are compared with TensorFlow's first; if
they differ, nothing is written, and an earlier bundle of that name stays.
"""
EXAMPLES: Final = """\
  keras2cv export cat.keras -o cat.cv --preprocess 0-1 --labels labels.txt
  keras2cv export mobilenet.h5 -o mobilenet.cv --preprocess tf --samples photos/
  keras2cv export twins.keras -o twins.cv --preprocess left=caffe right=tf
  keras2cv export action.keras -o action.cv --preprocess 0-1 --stride 2 --hop 8
  keras2cv export scan.keras -o scan.cv --preprocess 0-1 --depth 16
  keras2cv export unet.keras -o unet.cv --input-shape 1,256,320,3 --task raw
  keras2cv export cars.h5 -o cars.cv --box-format yxyx --box-units normalised
  keras2cv export mine.keras -o mine.cv --import mypkg.layers --preprocess none
"""
PER_INPUT: Final = r"[^=/\s]+=(none|0-1|tf|torch|caffe|.+\.json)"
OUTPUTS: Final = {"bundle": "bundle"}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    add_options(parser, ExportOptions, in_group(ExportOptions, ""))
    add_options(parser.add_argument_group(MEANING), ExportOptions, in_group(ExportOptions, MEANING))
    roles.add_arguments(parser)
    add_options(parser.add_argument_group(NET), ExportOptions, in_group(ExportOptions, NET))
    if isinstance(parser, Parser):
        parser.may_spread("--preprocess", PER_INPUT)
    parser.add_argument(
        "--explain",
        action="store_true",
        help="list the rewrites of the graph with their counts, and those left out with the reason",
    )
    add_json_argument(parser, "the report")


def execute(args: Namespace) -> int:
    """Export, and print the report and the next commands."""
    try:
        require_exporter("export")
        options = ExportOptions(
            **taken(args, ExportOptions), **roles.settings(args), progress=progress
        )
        require_ready(options)
        export_model = load_function(
            "keras2cv_export.exporting", "export_model", lean=not options.imports
        )
        report = export_model(options)
    except ParityError as error:
        _print_failed(error, args.json)
        raise
    if args.json != STDOUT:
        _print_report(report, args.explain)
    if args.json:
        write_json(args.json, report.to_dict())
    inconclusive = report.parity is not None and report.parity.verdict != "pass"
    return InconclusiveError.exit_code if inconclusive else 0


def _print_failed(error: ParityError, json: str | None) -> None:
    """Print the comparison that an error carries, to stdout: it is the answer."""
    parity = getattr(error, "report", None)
    if parity is not None and json != STDOUT:
        print_parity(parity)
    if parity is not None and json:
        write_json(json, {"parity": parity.to_dict()})


def _print_report(report: ExportReport, explain: bool) -> None:
    print(*report.notes, sep="\n", end="\n" if report.notes else "")
    if explain:
        print(*_pass_lines(report), sep="\n")
    if report.parity is not None:
        print_parity(report.parity)
    print(*_closing_lines(report), sep="\n")


def _pass_lines(report: ExportReport) -> Iterator[str]:
    yield "rewritten:" if report.passes else "rewritten: nothing"
    for name, count in report.passes:
        yield f"  {count:>4} x  {name}"
    if report.left_alone:
        yield "left alone:"
    yield from (f"  {one}" for one in report.left_alone)


def _closing_lines(report: ExportReport) -> Iterator[str]:
    from keras2cv.bundle.standing import standing_of, unproven

    size = int(report.manifest.model.size_bytes) / 1e6
    standing = standing_of(report.bundle, report.manifest)
    yield f"{report.bundle}  {standing}, {size:.1f} MB, {report.seconds:.1f} s"
    if advice := unproven(report.bundle, report.manifest):
        yield advice
    yield "next:"
    yield f"  keras2cv info {report.bundle}"
    yield f"  keras2cv run {report.bundle} {_example(report.manifest)}"


def _example(manifest: Manifest) -> str:
    """Return what a first run may be given."""
    # Not above: help does without NumPy, which codegen needs.
    from keras2cv.codegen.example_files import example_file

    if manifest.preprocessing is None:
        return "inputs.npz"
    files = {t.name: example_file(manifest.rules_of(t.name)) for t in manifest.own_inputs}
    if len(files) == 1:
        return next(iter(files.values()))
    return " ".join(f"{name}={file}" for name, file in files.items())
