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
List everything in a model that an OpenCV cannot run, each with the Keras layer
that it came from, the reason, and what to do. A Keras model is converted as by
`export`, for the oldest of the versions; nothing is written. The OpenCV that is
installed here also loads and runs the file, on each of its engines.

The exit code is 1 if something is unsupported.
"""
EXAMPLES: Final = """\
  keras2cv inspect cat.keras --opencv 4.6,4.10,5.0
  keras2cv inspect cat.cv
  keras2cv inspect somebody.onnx --opencv 4.8 --try --json -
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        type=Path,
        help="a .keras, .h5 or .onnx file, a SavedModel folder or a bundle",
    )
    parser.add_argument(
        "--opencv",
        metavar="VERSIONS",
        type=versions,
        default=(),
        help="the OpenCV versions to check, separated by commas (default: the installed one)",
    )
    parser.add_argument(
        "--format",
        choices=("onnx", "frozen"),
        default="onnx",
        help="the format to convert a Keras model to (default: onnx)",
    )
    parser.add_argument(
        "--try",
        dest="try_there",
        action="store_true",
        help="also run the file on each of those versions, in environments made for them",
    )
    parser.add_argument(
        "--input-shape",
        dest="input_shapes",
        type=values.input_shape,
        action="append",
        default=[],
        metavar="SHAPE",
        help="sizes for the open dimensions of an input, as for `export`",
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
        help="first import your module that registers custom layers; may be repeated",
    )
    parser.add_argument(
        "--unsafe",
        action="store_true",
        help="allow a model that runs code of its own, or reads and writes files",
    )
    parser.add_argument(
        "--signature", metavar="NAME", help="which of a SavedModel's signatures, as for `export`"
    )
    add_json_argument(parser, "everything that was found")


def execute(args: Namespace) -> int:
    """Inspect the model, and print the unsupported parts."""
    package = "keras2cv_export.inspecting"
    lean = not args.imports
    inspect_model = load_exporter("inspect", package, "inspect_model", model=args.model, lean=lean)
    if not _is_graph(args.model):  # now, while TensorFlow's messages are held back
        load_exporter("inspect", "keras2cv_export.model.load", "load_model", lean=lean)
    found = inspect_model(
        args.model,
        args.opencv,
        format=args.format,
        input_shapes=input_shapes(args.input_shapes),
        batch=args.batch,
        unsafe=args.unsafe,
        imports=args.imports,
        signature=args.signature,
        try_there=args.try_there,
        progress=progress,
    )
    if args.json != STDOUT:
        from keras2cv_export.cli.console import safe_console
        from keras2cv_export.inspecting import render

        render(found, safe_console())
    if args.json:
        write_json(args.json, found.to_dict())
    return int(found.exit_code)


def _is_graph(path: Path) -> bool:
    """Return whether `path` is an ONNX file or a bundle, for which TensorFlow is not needed."""
    from keras2cv.bundle.reading import MANIFEST

    return path.suffix.lower() == ".onnx" or (path / MANIFEST).is_file()
