"""`keras2cv run BUNDLE SOURCE...`."""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keras2cv.cli import values
from keras2cv.cli.output import add_json_argument
from keras2cv.errors import InputError, UsageError
from keras2cv.opencv import require_opencv

if TYPE_CHECKING:
    from keras2cv.predictor import Predictor
    from keras2cv.sources import Source

USAGE: Final = "BUNDLE SOURCE... [options]"
ABOUT: Final = """\
Predict images, videos or arrays with a bundle, and print a line for each.

SOURCE is an image, a folder of images, a pattern in quotes ("day/**/*.jpg"),
a video, a camera's number, or a .npy or .npz with what the Keras model takes.
Images are read as cv2.imread reads them (8-bit BGR, upright), and prepared as
the bundle says. What cannot be read is listed at the end; the rest still runs,
and the exit code is then 2.
"""
EXAMPLES: Final = """\
  keras2cv run cat.cv photo.jpg
  keras2cv run cat.cv holiday/ --top 3 --save drawn/
  keras2cv run cat.cv "day/**/*.jpg" --json - | grep '"cat"'
  keras2cv run cat.cv 0 --show
  keras2cv run cars.cv street.jpg --score 0.3 --save drawn.png
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a folder made by export")
    parser.add_argument("sources", metavar="SOURCE", nargs="+", help="what to predict")
    add_runtime_arguments(parser)
    add_threshold_arguments(parser)
    parser.add_argument(
        "--batch",
        type=values.positive,
        metavar="N",
        help="images at a time (default: the bundle's batch)",
    )
    parser.add_argument(
        "--top", type=values.positive, metavar="K", help="show the K best classes (default: 1)"
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="PATH",
        help="write the images with their results drawn on: a file for one, a folder for several",
    )
    parser.add_argument("--show", action="store_true", help="show them in a window; q quits")
    add_json_argument(parser, "every result, one line each,")


def add_runtime_arguments(parser: ArgumentParser) -> None:
    """Declare how a bundle is loaded: --device, --engine, --threads."""
    devices = ("cpu", "cuda", "cuda-fp16", "opencl", "auto")
    parser.add_argument(
        "--device",
        choices=devices,
        default="cpu",
        help="cpu (default), ..., auto: CUDA if it is there",
    )
    parser.add_argument(
        "--engine", choices=("new", "classic"), help="of OpenCV (default: the one verified)"
    )
    parser.add_argument(
        "--threads", type=values.positive, metavar="N", help="of OpenCV (default: its choice)"
    )


def add_threshold_arguments(parser: ArgumentParser) -> None:
    """Declare what replaces the bundle's own thresholds: --score, --nms."""
    parser.add_argument(
        "--score",
        type=values.share,
        metavar="S",
        help="show boxes above it, or a mask where it is above it (default: the bundle's)",
    )
    parser.add_argument(
        "--nms",
        type=values.share,
        metavar="IOU",
        help="of two boxes that overlap more, drop the worse one (default: the bundle's)",
    )


def execute(args: Namespace) -> int:
    """Predict, print, save and show."""
    require_opencv()
    from keras2cv.cli.sinks import open_sinks
    from keras2cv.predictor import load
    from keras2cv.sources import find_sources, read_sources
    from keras2cv.stream import predict_items

    sources = find_sources(args.sources)
    model = load(
        args.bundle,
        device=args.device,
        engine=args.engine,
        threads=args.threads,
        score=args.score,
        nms=args.nms,
    )
    _check(args, model, sources)
    problems: list[str] = []
    with contextlib.ExitStack() as stack:
        sinks = list(open_sinks(args, sources, stack))
        print(f"{args.bundle} on {model.device}, {model.engine} engine", file=sys.stderr)
        stack.callback(_list_problems, problems)  # also when it ends early
        batch = args.batch or model.manifest.model.batch
        for answer in predict_items(model, read_sources(sources), batch):
            problems += [answer.problem] if answer.problem else []
            if not all(sink(answer) for sink in sinks):
                break
    return InputError.exit_code if problems else 0


def _check(args: Namespace, model: Predictor, sources: Sequence[Source]) -> None:
    """Refuse what cannot work before anything runs."""
    manifest = model.manifest
    images = [source.name for source in sources if source.kind != "arrays"]
    if images and manifest.preprocessing is None:
        raise UsageError(
            f"{args.bundle} takes arrays: it does not say how an image such as {images[0]} becomes "
            "its input. Give a .npy or .npz, or export it with --preprocess."
        )
    if args.top and manifest.task.kind != "classify":
        raise UsageError(
            f"--top is for classes, and the task of {args.bundle} is {manifest.task.kind}. "
            "Leave it out."
        )


def _list_problems(problems: Sequence[str]) -> None:
    if problems:
        print(f"{len(problems)} could not be predicted:", *problems, sep="\n  ", file=sys.stderr)
