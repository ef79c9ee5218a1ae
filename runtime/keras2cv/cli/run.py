"""`keras2cv run BUNDLE SOURCE...`."""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keras2cv.cli import values
from keras2cv.cli.output import add_json_argument
from keras2cv.errors import InputError, UsageError
from keras2cv.opencv import require_opencv

if TYPE_CHECKING:
    from keras2cv.cli.sinks import Sink
    from keras2cv.frames import Source
    from keras2cv.pipeline import Pipeline
    from keras2cv.predictor import Predictor
    from keras2cv.stream import Answer

USAGE: Final = "BUNDLE SOURCE... [options]"
ABOUT: Final = """\
Predict images, videos or arrays with a bundle, and print a line for each.

SOURCE is an image, a folder of images, a pattern in quotes ("day/**/*.jpg"),
a video, a camera's number, a URL such as rtsp://..., or a .npy or .npz with
what the Keras model takes. Images are read as cv2.imread reads them (8-bit BGR,
upright), and prepared as the bundle says. What cannot be read is listed at the
end; the rest still runs, and the exit code is then 2.

Decoding, preparing, predicting and drawing run at the same time. No frame of a
file is left out; of a camera or URL the newest frame is predicted, and those
that came meanwhile are dropped. Ctrl-C finishes the file that is being written.
"""
EXAMPLES: Final = """\
  keras2cv run cat.cv photo.jpg
  keras2cv run cat.cv holiday/ --top 3 --save drawn/
  keras2cv run cat.cv "day/**/*.jpg" --json - | grep '"cat"'
  keras2cv run cat.cv 0 --show
  keras2cv run cars.cv street.jpg --score 0.3 --save drawn.png
  keras2cv run cars.cv street.mp4 --save drawn.mp4
  keras2cv run cars.cv street.mp4 --every 25 --json street.jsonl
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
        help="write the images with their results drawn on: a file for one, a folder for several, "
        "an .mp4 or .avi for a video or camera",
    )
    parser.add_argument(
        "--every",
        type=values.positive,
        metavar="N",
        default=1,
        help="of a video, take every N-th frame only (default: 1)",
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
    from keras2cv.cli.sinks import open_saver, open_sinks
    from keras2cv.pipeline import Pipeline
    from keras2cv.predictor import load
    from keras2cv.sources import find_sources

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
        stack.callback(_list_problems, problems)  # also when it ends early
        saver = open_saver(args, sources, stack)
        sinks = list(open_sinks(args, sources, stack))
        print(f"{args.bundle} on {model.device}, {model.engine} engine", file=sys.stderr)
        line = stack.enter_context(Pipeline())  # last, so that its threads end before files do
        for answer in _answers(args, model, sources, line, saver):
            problems += [answer.problem] if answer.problem else []
            if not all(sink(answer) for sink in sinks):
                break
    return InputError.exit_code if problems else 0


def _answers(
    args: Namespace, model: Predictor, sources: Sequence[Source], line: Pipeline, saver: Sink | None
) -> Iterator[Answer]:
    """Yield the answers, drawn and saved if asked for, every stage in a thread of its own."""
    from keras2cv.cli.sinks import drawn, passed
    from keras2cv.frames import Selection
    from keras2cv.stream import READY_AHEAD, predict_sources

    batch = args.batch or model.manifest.model.batch
    answers = predict_sources(model, sources, line, batch, Selection(args.every))
    if args.save or args.show:
        answers = line.ahead(drawn(answers), READY_AHEAD)
    if saver is not None:
        answers = line.ahead(passed(answers, saver), READY_AHEAD)
    return answers


def _check(args: Namespace, model: Predictor, sources: Sequence[Source]) -> None:
    """Refuse what cannot work before anything runs."""
    manifest = model.manifest
    images = [source.name for source in sources if source.kind != "arrays"]
    if images and manifest.preprocessing is None:
        raise UsageError(
            f"{args.bundle} takes arrays: it does not say how an image such as {images[0]} becomes "
            "its input. Give a .npy or .npz, or export it with --preprocess."
        )
    if args.every > 1 and not any(source.is_stream for source in sources):
        raise UsageError(f"--every is for videos, and {sources[0].name} is none. Leave it out.")
    if args.top and manifest.task.kind != "classify":
        raise UsageError(
            f"--top is for classes, and the task of {args.bundle} is {manifest.task.kind}. "
            "Leave it out."
        )


def _list_problems(problems: Sequence[str]) -> None:
    if problems:
        print(f"{len(problems)} could not be predicted:", *problems, sep="\n  ", file=sys.stderr)
