"""`keras2cv evaluate BUNDLE DATA`."""

from __future__ import annotations

import contextlib
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from keras2cv import sample
from keras2cv.cli import values
from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.cli.record_book import RecordBook
from keras2cv.cli.run import add_runtime_arguments, add_threshold_arguments
from keras2cv.cli.suggestions import did_you_mean
from keras2cv.errors import InputError, UsageError
from keras2cv.isolation.confinement import freely
from keras2cv.net.opencv import require_opencv

if TYPE_CHECKING:
    from keras2cv.bundle.manifest import Manifest
    from keras2cv.evaluation.companion import Companion
    from keras2cv.evaluation.evaluate import OtherPipeline
    from keras2cv.evaluation.evaluation_report import Evaluation
    from keras2cv.evaluation.labelled import LabelledData
    from keras2cv.predictor import Predictor

USAGE: Final = "BUNDLE DATA [TRUTH] [options]"
ABOUT: Final = """\
Measure a bundle on labelled data: accuracy, mAP, IoU and the like, on this
machine. DATA is a folder per class, a CSV, COCO JSON, Pascal VOC, YOLO text
files, pictures and masks, pairs, or an .npz of x and y; its form is found and
printed. TRUTH is for labels that lie elsewhere. Classes are matched by name.

Pictures are decoded and run as by `run`, in bounded memory. What is wrong with
the data is listed and counted, and the rest is measured; with --strict the exit
code is then 2. --against lets the Keras model answer the same files, and shows
where the two part. The exit code is 1 if a bound is not kept.
"""
EXAMPLES: Final = """\
  keras2cv evaluate sample photo
  keras2cv evaluate cat.cv photos/
  keras2cv evaluate cat.cv photos/ --against cat.keras --html report.html
  keras2cv evaluate cars.cv images/ annotations.json --min mAP=0.4
  keras2cv evaluate cars.cv images/ labels.json --choose-score f1 --write
  keras2cv evaluate roads.cv data/ --max-drop miou=0.005 --against roads.h5
  keras2cv evaluate cat.cv big/ --records big.jsonl --resume
"""
OUTPUTS: Final = {"records": "json"}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    values.add_bundle_argument(parser)
    parser.add_argument(
        "data",
        metavar="DATA",
        type=Path,
        help="labelled data: a folder or file; `photo` after `sample`: its own picture and boxes",
    )
    parser.add_argument(
        "truth", metavar="TRUTH", type=Path, nargs="?", help="its labels, if they lie elsewhere"
    )
    parser.add_argument(
        "--against", metavar="MODEL", type=Path, help="the Keras model, to answer the same data"
    )
    _add_reference(parser)
    _add_bounds(parser)
    parser.add_argument(
        "--choose-score",
        metavar="RULE",
        help="find the threshold of each class: f1 for the best F1, precision=0.95 for the most "
        "hits at that precision",
    )
    parser.add_argument(
        "--write", action="store_true", help="put the thresholds into the bundle's manifest"
    )
    parser.add_argument(
        "--strict", action="store_true", help="exit with 2 if anything is wrong with the data"
    )
    add_runtime_arguments(parser)
    add_threshold_arguments(parser)
    parser.add_argument(
        "--batch", type=values.positive, metavar="N", help="images in one run of the net"
    )
    parser.add_argument(
        "--records", metavar="FILE", type=Path, help="write a line of JSON for each sample to FILE"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the samples that --records lacks"
    )
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a page to FILE")
    add_json_argument(parser, "everything that was measured")


def _add_reference(parser: ArgumentParser) -> None:
    """Declare how Keras' side of --against is loaded, and how it reads pictures."""
    parser.add_argument(
        "--unsafe", action="store_true", help="open a model file that may run code (--against)"
    )
    parser.add_argument(
        "--import",
        dest="imports",
        action="append",
        default=[],
        metavar="MODULE",
        help="a module with the model's own classes; may be repeated",
    )
    for name, metavar in (("resize", "RESIZE"), ("preprocess", "RULES"), ("fn", "MODULE:FUNCTION")):
        parser.add_argument(
            f"--reference-{name}",
            metavar=metavar,
            help="how Keras' side reads pictures, as for `keras2cv check`",
        )


def _add_bounds(parser: ArgumentParser) -> None:
    for flag, words in (
        ("--min", "exit with 1 if the metric is below"),
        ("--max", "exit with 1 if the metric is above, for errors such as mae"),
        ("--max-drop", "exit with 1 if it is worse than that of --against by more"),
    ):
        parser.add_argument(
            flag,
            action="append",
            default=[],
            type=values.metric_bound,
            metavar="METRIC=VALUE",
            help=f"{words}; may be repeated",
        )


def execute(args: Namespace) -> int:
    """Measure, print, and judge."""
    require_opencv()
    from keras2cv.bundle.reading import read_bundle
    from keras2cv.evaluation.companion import load_companion
    from keras2cv.evaluation.evaluation_report import unmet

    if args.bundle == sample.BUNDLE and sample.is_photo([str(args.data)]) and not args.truth:
        args.data = sample.TRUTH
    manifest = read_bundle(args.bundle, check_hash=False).manifest
    bounds = _bounds(args, manifest.task.kind)
    _check(args, manifest)
    companion = load_companion() if args.against or args.html else None
    if companion is not None and args.html:
        companion.require_page()
    found, model, data = _evaluated(args, manifest, companion)
    _print(args, found)
    if args.json:
        write_json(args.json, found.to_dict())
    if companion is not None and args.html:
        companion.write_page(found, model, data, args.html)
    if args.write:
        from keras2cv.evaluation.writing_scores import write_scores

        freely(write_scores, args.bundle, found)
        print(f"the thresholds are in {args.bundle}", file=sys.stderr)
    wrong = unmet(found, bounds)
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    if args.strict and len(found.problems):
        return InputError.exit_code
    return 1 if wrong else 0


def _evaluated(
    args: Namespace, manifest: Manifest, companion: Companion | None
) -> tuple[Evaluation, Predictor, LabelledData]:
    import cv2

    from keras2cv.cli.evaluation_table import counted
    from keras2cv.cli.nets import load_one, load_several
    from keras2cv.cli.progress import Bar
    from keras2cv.evaluation.answering import Answered
    from keras2cv.evaluation.data.find import read_data, wants_objects
    from keras2cv.evaluation.evaluate import evaluate, lowest_score
    from keras2cv.streams.answers import Answer
    from keras2cv.streams.frames import Source

    places = [args.data] if args.truth is None else [args.data, args.truth]
    data = read_data(places, manifest.task.kind, keeps_objects=wants_objects(manifest.task))
    total = len(data.samples) if data.arrays is None else len(data.arrays[0])
    print(f"{data.place}: {data.form}, {counted(total, 'sample')}", file=sys.stderr)
    if manifest.task.kind == "detect":
        args.score = lowest_score(args.choose_score, args.score)
    model = load_one(args)
    with contextlib.ExitStack() as stack:
        stack.callback(cv2.setNumThreads, cv2.getNumThreads())
        sources = [Source(one.name, "image", one.path) for one in data.samples]
        args.batch_given, args.batch = args.batch, None
        models = load_several(args, model, sources) if sources else [model]
        book = _book(args, stack, manifest, data)
        other = _other(args, companion, model, stack)
        bar = Bar(total - (len(book.known) if book is not None else 0))
        stack.callback(bar.close)

        def tick(one: Answered) -> None:
            bar.advance(Answer(one.name))

        found = evaluate(
            models,
            data,
            batch=args.batch_given,
            other=other,
            rule=args.choose_score,
            book=book,
            tick=tick,
        )
    return found, model, data


def _other(
    args: Namespace, companion: Companion | None, model: Predictor, stack: contextlib.ExitStack
) -> OtherPipeline | None:
    if companion is None or args.against is None:
        return None
    print("loading the Keras model ...", file=sys.stderr)
    pipeline = companion.keras_pipeline(
        args.against,
        model,
        unsafe=args.unsafe,
        imports=tuple(args.imports),
        resize=args.reference_resize,
        preprocess=args.reference_preprocess,
        function=args.reference_fn,
    )
    return stack.enter_context(pipeline)


def _book(
    args: Namespace, stack: contextlib.ExitStack, manifest: Manifest, data: LabelledData
) -> RecordBook | None:
    if args.records is None:
        return None
    book = RecordBook(
        args.records,
        resume=args.resume,
        manifest=manifest,
        data=data,
        thresholds=(args.score, args.nms),
    )
    stack.callback(book.close)
    return book


def _bounds(args: Namespace, task: str) -> list[tuple[str, str, float]]:
    """Return every bound; refuse metrics that the task has not."""
    from keras2cv.evaluation.measures.make import BETTER

    known = BETTER.get(task, {})
    found = [
        (kind, *bound)
        for kind, given in (("min", args.min), ("max", args.max), ("max-drop", args.max_drop))
        for bound in given
    ]
    for kind, metric, _ in found:
        if (task, metric) == ("embed", "threshold"):
            raise UsageError(
                "threshold is the similarity that parts the pairs best, and no measure of how well "
                "they are parted. Bound accuracy, auc or eer."
            )
        if metric not in known:
            raise UsageError(
                f"There is no metric {metric!r} of the task {task}."
                f"{did_you_mean(metric, known)} Its metrics are {', '.join(known)}."
            )
        if kind == "min" and not known[metric]:
            raise UsageError(f"Less of {metric} is better. Give --max {metric}=VALUE.")
    if args.max_drop and not args.against:
        raise UsageError("--max-drop compares with the Keras model. Give --against MODEL.")
    return found


def _check(args: Namespace, manifest: Manifest) -> None:
    """Raise `UsageError` for arguments that cannot work, before anything runs."""
    from keras2cv.evaluation.thresholds import parse_rule
    from keras2cv.evaluation.writing_scores import require_writable

    if args.choose_score is not None:
        parse_rule(args.choose_score, manifest.task)
    if args.write and args.choose_score is None:
        raise UsageError("--write puts chosen thresholds into the bundle. Give --choose-score f1.")
    if args.write:
        require_writable(args.bundle, manifest)
    if args.resume and args.records is None:
        raise UsageError("--resume goes on with the records of --records FILE. Name the file.")
    options = ("unsafe", "imports", "reference_resize", "reference_preprocess", "reference_fn")
    given = [name for name in options if getattr(args, name)]
    if given and args.against is None:
        flag = "import" if given[0] == "imports" else given[0].replace("_", "-")
        raise UsageError(f"--{flag} is for the model of --against MODEL. Leave it out.")


def _print(args: Namespace, found: Evaluation) -> None:
    from keras2cv.cli.evaluation_table import notes, table

    for note in notes(found):
        print(note, file=sys.stderr)
    if args.json != STDOUT:
        print(*table(found), sep="\n")
