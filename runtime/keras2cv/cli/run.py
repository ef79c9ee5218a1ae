"""`keras2cv run BUNDLE SOURCE...`."""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keras2cv import sample
from keras2cv.cli import values
from keras2cv.cli.output import STDOUT, add_json_argument
from keras2cv.errors import InputError, UsageError, VerdictError
from keras2cv.net.opencv import require_opencv

if TYPE_CHECKING:
    from keras2cv.bundle.manifest import Manifest
    from keras2cv.cli.line_file import LineFile
    from keras2cv.predictor import Predictor
    from keras2cv.streams.answers import Answer
    from keras2cv.streams.frames import Source

USAGE: Final = "BUNDLE SOURCE... [options]"
ABOUT: Final = """\
Predict images, videos or arrays with a bundle, and print a line for each.

SOURCE is an image, a folder of images, a pattern in quotes ("day/**/*.jpg"),
a video, a camera's number, a URL such as rtsp://..., or a .npy or .npz file
with arrays as the Keras model takes them. Images are read like cv2.imread does
(8-bit BGR, upright), and prepared by the bundle's own preprocessing. A source
that cannot be read does not stop the others; it is listed at the end, and the
exit code is 2. A model with several inputs takes a NAME=FILE for each of them;
repeat the names for the next sample, or give folders whose files pair by name.
A model of clips takes videos, cameras, and folders of frames, and answers each
clip in them.

Decoding, preparing, predicting and drawing run at the same time. Every frame of
a file is predicted; of a camera or URL only the newest frame is, and older ones
are dropped. Ctrl-C ends the run and finishes the file that is being written.
"""
EXAMPLES: Final = """\
  keras2cv run sample photo --save drawn.png
  keras2cv run cat.cv photo.jpg
  keras2cv run cat.cv holiday/ --top 3 --save drawn/
  keras2cv run cat.cv "day/**/*.jpg" --json - | grep '"cat"'
  keras2cv run cat.cv 0 --show
  keras2cv run price.cv photo=house.jpg facts=house.npy
  keras2cv run twins.cv left=lefts/ right=rights/
  keras2cv run cars.cv street.jpg --score 0.3 --save drawn.png
  keras2cv run cat.cv archive/ --json archive.jsonl --resume --batch auto
  keras2cv run cars.cv street.mp4 --save drawn.mp4
  keras2cv run cars.cv street.mp4 --every 25 --json street.jsonl
  keras2cv run cars.cv street.mp4 --track bytetrack --count-line 0,300,640,300
"""
OUTPUTS: Final = {"save": "drawn"}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    values.add_bundle_argument(parser)
    parser.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="+",
        help="one or more images, videos or arrays; `photo` after `sample`: its own picture",
    )
    add_runtime_arguments(parser)
    add_threshold_arguments(parser)
    parser.add_argument(
        "--batch",
        type=values.positive_or_auto,
        metavar="N|auto",
        help="images in one run of the net (default: the bundle's); auto: the fastest "
        "number that `tune` or `export --tune` found, else measure how many nets to run at the "
        "same time",
    )
    parser.add_argument(
        "--top", type=values.positive, metavar="K", help="print the K best classes (default: 1)"
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="PATH",
        help="write the images with the results drawn on them: PATH is a file for one image, a "
        "folder for several, an .mp4 or .avi file for a video or camera",
    )
    parser.add_argument(
        "--every",
        type=values.positive,
        metavar="N",
        default=1,
        help="predict every N-th frame of a video (default: 1)",
    )
    parser.add_argument(
        "--stride",
        type=values.positive,
        metavar="N",
        help="of a model of clips: how many frames of the video one of a clip's frames is after "
        "the other (default: the bundle's)",
    )
    parser.add_argument(
        "--hop",
        type=values.positive,
        metavar="N",
        help="of a model of clips: how many frames after a clip the next one begins (default: the "
        "bundle's)",
    )
    parser.add_argument(
        "--track",
        choices=("bytetrack",),
        help="number the objects of a video, by the extra [track]",
    )
    parser.add_argument(
        "--count-line",
        type=values.line,
        action="append",
        default=[],
        metavar="X1,Y1,X2,Y2",
        help="count the tracked objects that cross this line, in pixels of the frame; may be "
        "repeated",
    )
    parser.add_argument(
        "--show", action="store_true", help="show the drawn images in a window; q quits"
    )
    add_json_argument(parser, "every result, one line each,")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="skip the images that the --json file has results for, and append the others to it",
    )


def add_runtime_arguments(parser: ArgumentParser) -> None:
    """Declare how a bundle is loaded: --device, --engine, --threads."""
    devices = ("cpu", "cuda", "cuda-fp16", "opencl", "auto")
    parser.add_argument(
        "--device",
        choices=devices,
        default="cpu",
        help="where to run the net: cpu (default), ..., or auto: CUDA if present, else cpu",
    )
    parser.add_argument(
        "--engine", choices=("new", "classic"), help="OpenCV's engine (default: the verified one)"
    )
    parser.add_argument(
        "--threads",
        type=values.positive,
        metavar="N",
        help="OpenCV's number of threads (default: its own)",
    )


def add_threshold_arguments(parser: ArgumentParser) -> None:
    """Declare the options that replace the bundle's own thresholds: --score, --nms."""
    parser.add_argument(
        "--score",
        type=values.share,
        metavar="S",
        help="threshold of the score: boxes and mask pixels above it are shown (default: the "
        "bundle's)",
    )
    parser.add_argument(
        "--nms",
        type=values.share,
        metavar="IOU",
        help="drop the worse of two boxes that overlap more than IOU (default: the bundle's)",
    )


def execute(args: Namespace) -> int:
    """Predict, print, save and show."""
    require_opencv()
    import cv2

    from keras2cv.cli.depth_notes import DepthNotes
    from keras2cv.cli.nets import load_one, load_several, require_bundle
    from keras2cv.cli.problems import Problems
    from keras2cv.cli.sinks import finished, open_saver, open_sinks
    from keras2cv.cli.summary import Summary
    from keras2cv.streams.fitting import fitted
    from keras2cv.streams.frames import Selection
    from keras2cv.streams.pipeline import Pipeline
    from keras2cv.streams.threads import predict_sources

    require_bundle(args.bundle)
    sources = _sources(args)
    model = load_one(args)
    sources = fitted(sources, model.manifest, stride=args.stride, hop=args.hop)
    _check(args, model, sources)
    summary = Summary(sources, args.save, args.json)
    with contextlib.ExitStack() as stack:
        stack.enter_context(summary)  # first, so that its line is the last one
        earlier, known = _earlier(args, stack)
        selection = Selection(args.every, known)
        left = [source for source in sources if source.is_stream or selection.has(source.name)]
        if not left:
            return 0
        stack.callback(cv2.setNumThreads, cv2.getNumThreads())
        models = load_several(args, model, left)
        depths = stack.enter_context(DepthNotes(model.manifest))
        problems = stack.enter_context(Problems())  # listed even if the run ends early
        saver = open_saver(args, sources, selection.known, stack)
        sinks = list(open_sinks(args, left, stack, model.device_choice, earlier))
        print(_what_runs(args, models), file=sys.stderr)
        line = stack.enter_context(Pipeline())  # last, so that its threads end before files do
        answers = predict_sources(models, left, line, _batch(args, models[0]), selection)
        if args.track:
            answers = _tracked(args, models[0], answers)
        summary.start()
        for answer in finished(args, left, answers, line, saver):
            problems.note(answer)
            depths.note(answer)
            summary.note(answer)
            if not all(sink(answer) for sink in sinks):
                break
    if problems.count:
        return InputError.exit_code
    return VerdictError.exit_code if problems.doubtful else 0


def _sources(args: Namespace) -> list[Source]:
    """Return what is to be answered: the sample's own photo, or what the arguments name."""
    from keras2cv.streams.frames import Source
    from keras2cv.streams.sources import find_sources

    if args.bundle == sample.BUNDLE and sample.is_photo(args.sources):
        return [Source(sample.PHOTO.name, "image", sample.PHOTO)]
    return find_sources(args.sources)


def _tracked(args: Namespace, model: Predictor, answers: Iterator[Answer]) -> Iterator[Answer]:
    """Return the answers with tracks and counts."""
    from keras2cv.tracking.tracker import track

    record = model.manifest.task.record
    score = args.score if args.score is not None else getattr(record, "score", 0.0)
    return track(answers, score=score, every=args.every, lines=args.count_line)


def _what_runs(args: Namespace, models: Sequence[Predictor]) -> str:
    """Return the device and engine that run, the device asked for if it is another, and why."""
    choice = models[0].device_choice
    several = f", {len(models)} nets at the same time" if len(models) > 1 else ""
    asked = f", asked for {choice.asked}" if choice.asked != choice.runs else ""
    why = f" ({choice.why})" if choice.why else ""
    bundle = sample.NAME if args.bundle == sample.BUNDLE else args.bundle
    return f"{bundle} on {choice.runs}, {models[0].engine} engine{several}{asked}{why}"


def _batch(args: Namespace, model: Predictor) -> int:
    return args.batch if isinstance(args.batch, int) else model.manifest.model.batch


def _earlier(
    args: Namespace, stack: contextlib.ExitStack
) -> tuple[LineFile | None, frozenset[str]]:
    """Return the lines to go on with, and the names that need not be predicted again."""
    if not args.resume:
        return None, frozenset()
    from keras2cv.cli.resume import resumed

    lines, known = resumed(Path(args.json))
    print(f"{args.json} holds {len(known)} results already", file=sys.stderr)
    return stack.enter_context(lines), known


def _check(args: Namespace, model: Predictor, sources: Sequence[Source]) -> None:
    """Raise `UsageError` for arguments that cannot work, before anything runs."""
    from keras2cv.streams.sources import VIDEO_SUFFIXES
    from keras2cv.tasks import TASKS

    manifest = model.manifest
    _check_inputs(model, sources)
    images = [source.name for source in sources if source.kind not in ("arrays", "inputs")]
    if images and manifest.preprocessing is None:
        raise UsageError(
            f"{args.bundle} takes arrays: it does not say how an image such as {images[0]} becomes "
            "its input. Give a .npy or .npz, or export it with --preprocess."
        )
    if args.every > 1 and not any(source.is_stream for source in sources):
        raise UsageError(f"--every is for videos, and {sources[0].name} is none. Leave it out.")
    if args.resume and args.json in (None, STDOUT):
        raise UsageError("--resume reads what is there already from --json FILE. Name the file.")
    if args.resume and args.save and args.save.suffix.lower() in VIDEO_SUFFIXES:
        raise UsageError(f"--resume cannot go on with the video {args.save}. Name a folder.")
    _check_tracking(args, manifest, sources)
    if args.top and not TASKS[manifest.task.kind].ranks:
        raise UsageError(
            f"--top is for classes, and the task of {args.bundle} is {manifest.task.kind}. "
            "Leave it out."
        )


def _check_tracking(args: Namespace, manifest: Manifest, sources: Sequence[Source]) -> None:
    """Refuse tracking that cannot work: of no video, no boxes, or without its libraries."""
    if args.count_line and not args.track:
        raise UsageError("--count-line counts what is tracked. Add --track bytetrack.")
    if not args.track:
        return
    from keras2cv.tasks.to_supervision import import_tracking

    if manifest.task.kind != "detect":
        raise UsageError(
            f"--track is for boxes, and the task of {args.bundle} is {manifest.task.kind}. "
            "Leave it out."
        )
    if still := [source.name for source in sources if not source.is_stream]:
        raise UsageError(f"--track is for videos, and {still[0]} is none. Leave it out.")
    import_tracking("supervision", "--track")
    import_tracking("trackers", "--track")


def _check_inputs(model: Predictor, sources: Sequence[Source]) -> None:
    """Refuse NAME=FILE where the model has no such input, or one that takes no image."""
    names, manifest = model.input_names, model.manifest
    for source in sources:
        for name, part in source.parts.items():
            if name not in names:
                raise UsageError(f"There is no input {name!r}. The model's are {', '.join(names)}.")
            if part.kind == "image" and manifest.rules_of(name) is None:
                raise UsageError(
                    f"{part.name} is an image, and the input {name} takes an array. Give a .npy."
                )
