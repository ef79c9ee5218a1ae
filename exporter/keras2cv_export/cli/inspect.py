"""`keras2cv inspect MODEL|BUNDLE|FILE.onnx --opencv 4.6,4.10,5.0`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from keras2cv.cli import values
from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv_export.cli.heavy import load_exporter, progress
from keras2cv_export.cli.versions import versions
from keras2cv_export.options import input_shapes

USAGE: Final = "MODEL|BUNDLE|FILE.onnx [--opencv VERSIONS] [options]"
ABOUT: Final = """\
List everything in a model that an OpenCV cannot run, all at once, each with the
Keras layer that it came from, why, and what to do. A Keras model is converted
as `export` does, for the oldest of the versions, and nothing is written. The
OpenCV installed here is given the file as well, on each of its engines, to see
what it makes of it.

Exit code 1 if something is unsupported.
"""
EXAMPLES: Final = """\
  keras2cv inspect cat.keras --opencv 4.6,4.10,5.0
  keras2cv inspect cat.cv
  keras2cv inspect somebody.onnx --opencv 4.8 --try --json -
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "model", metavar="MODEL", type=Path, help="a .keras, .h5 or .onnx, a SavedModel or a bundle"
    )
    parser.add_argument(
        "--opencv",
        metavar="VERSIONS",
        type=versions,
        default=(),
        help="the versions to look at, separated by commas (default: the one installed)",
    )
    parser.add_argument(
        "--format",
        choices=("onnx", "frozen"),
        default="onnx",
        help="the format that a Keras model is to be exported in (default: onnx)",
    )
    parser.add_argument(
        "--try",
        dest="try_there",
        action="store_true",
        help="give the file to each of those versions too, in environments made for it",
    )
    parser.add_argument(
        "--input-shape",
        dest="input_shapes",
        type=values.input_shape,
        action="append",
        default=[],
        metavar="SHAPE",
        help="sizes for open dimensions, as `export` takes them",
    )
    parser.add_argument(
        "--batch", type=values.positive, default=1, metavar="N", help="samples per run (default: 1)"
    )
    parser.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="MODULE",
        help="import a module of yours first, which registers custom layers; may be repeated",
    )
    parser.add_argument(
        "--unsafe",
        action="store_true",
        help="let the model do more than compute: run code of its own, read and write files",
    )
    add_json_argument(parser, "everything that was found")


def execute(args: Namespace) -> int:
    """Look, and print what was found."""
    package = "keras2cv_export.inspecting"
    inspect_model = load_exporter("inspect", package, "inspect_model", model=args.model)
    if not _is_graph(args.model):  # now, while TensorFlow's greetings are held back
        load_exporter("inspect", "keras2cv_export.model.load", "load_model")
    found = inspect_model(
        args.model,
        args.opencv,
        format=args.format,
        input_shapes=input_shapes(args.input_shapes),
        batch=args.batch,
        unsafe=args.unsafe,
        imports=args.imports,
        try_there=args.try_there,
        progress=progress,
    )
    if args.json != STDOUT:
        from rich.console import Console

        from keras2cv_export.inspecting import render

        render(found, Console())
    if args.json:
        write_json(args.json, found.to_dict())
    return int(found.exit_code)


def _is_graph(path: Path) -> bool:
    """Return whether `path` is an ONNX file or a bundle, for which TensorFlow is not needed."""
    from keras2cv.bundle.reading import MANIFEST

    return path.suffix.lower() == ".onnx" or (path / MANIFEST).is_file()
