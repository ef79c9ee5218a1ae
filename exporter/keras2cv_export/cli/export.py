"""`keras2cv export MODEL -o BUNDLE`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from keras2cv.cli import values
from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.errors import InconclusiveError, ParityError, UsageError
from keras2cv.schema.vocabulary import TASK_NAMES
from keras2cv_export.cli import roles
from keras2cv_export.cli.heavy import (
    add_model_arguments,
    load_exporter,
    print_parity,
    progress,
    tolerance_of,
)

if TYPE_CHECKING:
    from keras2cv_export import ExportReport

USAGE: Final = "MODEL -o BUNDLE [options]"
ABOUT: Final = """\
Turn a Keras model (.keras, .h5 or a SavedModel folder) into a bundle: a folder
that OpenCV runs. It is compared with TensorFlow before it gets its name; where
the two differ, nothing is written, and a bundle that is there already stays.
"""
EXAMPLES: Final = """\
  keras2cv export cat.keras -o cat.cv --preprocess 0-1 --labels labels.txt
  keras2cv export mobilenet.h5 -o mobilenet.cv --preprocess tf --samples photos/
  keras2cv export unet.keras -o unet.cv --input-shape 1,256,320,3 --task raw
  keras2cv export cars.h5 -o cars.cv --box-format yxyx --box-units normalised
  keras2cv export mine.keras -o mine.cv --import mypkg.layers --preprocess none
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("model", metavar="MODEL", type=Path, help="a .keras or .h5, or a folder")
    parser.add_argument(
        "-o", "--output", metavar="BUNDLE", type=Path, required=True, help="the folder to write"
    )
    _add_meaning(parser)
    roles.add_arguments(parser)
    _add_net(parser)
    add_model_arguments(parser)
    parser.add_argument(
        "--no-check", action="store_true", help="do not compare; the bundle says `unverified`"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="show what was rewritten in the graph, how often, and what was left alone, and why",
    )
    add_json_argument(parser, "the report")


def _add_meaning(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("what goes in and what comes out")
    group.add_argument(
        "--task",
        choices=TASK_NAMES,
        help="what the outputs mean (default: told by the last layer)",
    )
    group.add_argument("--labels", type=Path, metavar="FILE", help="a class per line, UTF-8")
    group.add_argument(
        "--preprocess",
        metavar="P",
        help="from pixels to the input: none (0..255), 0-1 (x/255), tf (-1..1), torch or caffe "
        "(as in keras.applications), or a FILE.json with color, mean, scale, std",
    )
    group.add_argument(
        "--resize",
        choices=("stretch", "letterbox", "center-crop", "pad"),
        help="how an image gets the input's size (default: stretch)",
    )
    group.add_argument(
        "--size", type=values.size_wh, metavar="WxH", help="of the input, to be sure"
    )
    group.add_argument(
        "--interpolation",
        metavar="NAME",
        help="linear (default), area, cubic, ... as cv2 has them, or as another library does: "
        "tf-bilinear, pil-bicubic, ...",
    )
    group.add_argument(
        "--transpose-image",
        action="store_true",
        help="the model reads the resized image turned sideways, its rows as columns, as Keras' "
        "OCR example does; --size is the upright image's",
    )


def _add_net(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("the net")
    group.add_argument(
        "--format",
        choices=("onnx", "frozen"),
        default="onnx",
        help="of the net's file; frozen: a TensorFlow graph, for code that calls "
        "readNetFromTensorflow (default: onnx, which runs more models)",
    )
    group.add_argument(
        "--opencv",
        metavar="VERSION",
        help="the oldest OpenCV that it has to run on (default: 4.6, and every newer one)",
    )
    group.add_argument(
        "--engine",
        choices=("new", "classic", "auto"),
        default="auto",
        help="of OpenCV, to verify on (default: auto, each that is here)",
    )
    group.add_argument(
        "--input-shape",
        dest="input_shapes",
        type=values.input_shape,
        action="append",
        default=[],
        metavar="SHAPE",
        help="sizes for open dimensions: NAME:1,224,224,3, without NAME if there is one input; "
        "may be repeated",
    )
    group.add_argument(
        "--batch", type=values.positive, default=1, metavar="N", help="samples per run (default: 1)"
    )
    group.add_argument(
        "--tune",
        action="store_true",
        help="time the engines, threads and options that predict the same, on this machine, and "
        "let the bundle remember the fastest",
    )
    group.add_argument(
        "--weights",
        choices=("fp32", "fp16", "int8"),
        default="fp32",
        help="how the file stores large kernels: fp16 takes half the size, int8 a quarter, and "
        "both need OpenCV 4.7; what that costs is measured and said (default: fp32)",
    )


def execute(args: Namespace) -> int:
    """Export, and print what was done and what to type next."""
    try:
        export = load_exporter("export", "keras2cv_export", "export", model=args.model)
        report = export(args.model, args.output, **_settings(args))
    except ParityError as error:
        _print_failed(error, args.json)
        raise
    if args.json != STDOUT:
        _print_report(report, args.explain)
    if args.json:
        write_json(args.json, report.to_dict())
    inconclusive = report.parity is not None and report.parity.verdict != "pass"
    return InconclusiveError.exit_code if inconclusive else 0


def _settings(args: Namespace) -> dict[str, Any]:
    return {
        "format": args.format,
        "opencv": args.opencv,
        "engine": None if args.engine == "auto" else args.engine,
        "input_shapes": input_shapes(args.input_shapes),
        "batch": args.batch,
        "weights": args.weights,
        "tune": args.tune,
        "task": args.task,
        "labels": args.labels,
        "preprocess": args.preprocess,
        "resize": args.resize,
        "size": args.size,
        "interpolation": args.interpolation,
        "transpose_image": args.transpose_image,
        "samples": args.samples,
        "tolerance": tolerance_of(args),
        "unsafe": args.unsafe,
        "check": not args.no_check,
        "imports": args.imports,
        "progress": progress,
        **roles.settings(args),
    }


def input_shapes(
    given: Sequence[tuple[str, tuple[int, ...]]],
) -> Mapping[str, tuple[int, ...]] | tuple[int, ...] | None:
    """Return shapes by name, the only shape if it has no name, or None if there are none.

    Raises:
        UsageError: several shapes, not all with a name of their own.
    """
    if not given:
        return None
    by_name = dict(given)
    if len(given) == 1 and "" in by_name:
        return by_name[""]
    if "" in by_name or len(by_name) != len(given):
        names = [name or "(none)" for name, _ in given]
        raise UsageError(
            f"--input-shape is given for {', '.join(names)}. "
            "With several, each needs the name of another input: NAME:1,224,224,3."
        )
    return by_name


def _print_failed(error: ParityError, json: str | None) -> None:
    """Print the comparison that an error carries: it is the answer, and goes where answers go."""
    parity = getattr(error, "report", None)
    if parity is not None and json != STDOUT:
        print_parity(parity)
    if parity is not None and json:
        write_json(json, {"parity": parity.to_dict()})


def _print_report(report: ExportReport, explain: bool) -> None:
    print(*report.notes, sep="\n", end="\n" if report.notes else "")
    if explain:
        print("\n".join(_pass_lines(report)))
    if report.parity is not None:
        print_parity(report.parity)
    print("\n".join(_closing_lines(report)))


def _pass_lines(report: ExportReport) -> Iterator[str]:
    yield "rewritten:" if report.passes else "rewritten: nothing"
    for name, count in report.passes:
        yield f"  {count:>4} x  {name}"
    if report.left_alone:
        yield "left alone:"
    yield from (f"  {one}" for one in report.left_alone)


def _closing_lines(report: ExportReport) -> Iterator[str]:
    size = int(report.manifest.model.size_bytes) / 1e6
    yield f"{report.bundle}  {report.manifest.status}, {size:.1f} MB, {report.seconds:.1f} s"
    yield "next:"
    yield f"  keras2cv info {report.bundle}"
    source = "photo.jpg" if report.manifest.preprocessing is not None else "inputs.npz"
    yield f"  keras2cv run {report.bundle} {source}"
