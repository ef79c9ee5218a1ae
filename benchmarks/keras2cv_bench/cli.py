"""`keras2cv bench BUNDLE --against MODEL`."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any, Final

from keras2cv.cli import values
from keras2cv.cli.output import STDOUT, add_json_argument, write_json, write_text
from keras2cv.cli.steps import Steps
from keras2cv.errors import UsageError
from keras2cv_export.cli.heavy import (
    add_model_arguments,
    load_exporter,
    tolerance_of,
)

USAGE: Final = "BUNDLE --against MODEL [options]"
ABOUT: Final = """\
Measure how fast a bundle is: beside the Keras model that it was made from, in
TensorFlow three ways, beside Keras' own ONNX export in cv2, and beside the
peers that are installed (onnxruntime, OpenVINO, LiteRT). Every subject runs in
a process of its own, with the same input and as many threads, in turns. Its
answers are compared with TensorFlow's: a fast wrong answer is no result.

Exit code 1 if this bundle's answers are not TensorFlow's, or --max-ratio is
broken; 4 if the machine was too busy to decide.
"""
EXAMPLES: Final = """\
  keras2cv bench cat.cv --against cat.keras
  keras2cv bench cat.cv --against cat.keras --batch 1,4,8 --html speed.html
  keras2cv bench cat.cv --against cat.keras --threads 1 --json new.json
  keras2cv bench cat.cv --against cat.keras --baseline old.json --max-ratio 1.1
  keras2cv bench cat.cv --against cat.keras --pipeline photos/ --json whole.json
"""
_PEERS: Final = "naive,tf,ort,openvino,litert"
_SECONDS: Final = 3.0


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("bundle", metavar="BUNDLE", type=Path, help="a folder made by export")
    parser.add_argument(
        "--against", metavar="MODEL", type=Path, required=True, help="a .keras, .h5 or folder"
    )
    parser.add_argument(
        "--peers",
        metavar="NAMES",
        type=_names,
        default=_names(_PEERS),
        help="beside tf.function: naive (Keras' ONNX export in cv2), tf (model(x) and "
        f"model.predict), ort, openvino, litert (default: {_PEERS}, as far as installed)",
    )
    parser.add_argument(
        "--batch", metavar="N,N,...", type=_counts, default=(1,), help="batch sizes (default: 1)"
    )
    parser.add_argument(
        "--threads", metavar="N", type=values.positive, help="of every subject (default: all cores)"
    )
    parser.add_argument(
        "--seconds",
        metavar="S",
        type=values.above_zero,
        default=_SECONDS,
        help=f"to time each subject for, at each batch size (default: {_SECONDS:g})",
    )
    parser.add_argument(
        "--engine", choices=("new", "classic"), help="of OpenCV (default: the bundle's)"
    )
    add_model_arguments(parser)
    parser.add_argument(
        "--baseline", metavar="OLD.json", type=Path, help="compare with an earlier file of --json"
    )
    parser.add_argument(
        "--yardstick",
        choices=("naive", "tf.function"),
        help="with --baseline: compare this bundle's share of that one's time, never milliseconds",
    )
    parser.add_argument(
        "--max-ratio",
        metavar="R",
        type=values.above_zero,
        help="fail if forward takes more than R times the baseline's time (default: 1.1), or "
        "tf.function's without a baseline",
    )
    parser.add_argument(
        "--pipeline",
        metavar="SOURCE",
        help="time from a file to the answer drawn, on a folder of images, an image or a video, "
        "beside the tutorials' loop (load_img, model.predict), tf.data, and onnxruntime with cv2 "
        "and Pillow",
    )
    parser.add_argument(
        "--html", metavar="FILE", type=Path, help="write a page with charts to FILE"
    )
    add_json_argument(parser, "every run's duration, with versions and host,")


def _names(text: str) -> tuple[str, ...]:
    """Return the names of "tf,ort"; none of "none"."""
    return () if text == "none" else tuple(text.split(","))


def _counts(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9][0-9]{0,4}(,[1-9][0-9]{0,4})*", text):
        raise ArgumentTypeError(f"must be batch sizes such as 1,4,8, got {text!r}")
    found = tuple(int(part) for part in text.split(","))
    if len(set(found)) < len(found):
        raise ArgumentTypeError(f"must be distinct batch sizes, got {text!r}")
    return found


def execute(args: Namespace) -> int:
    """Measure, print the tables, and write the requested files.

    Raises:
        UsageError: --yardstick without a baseline.
    """
    load_exporter(
        "bench",
        "keras2cv_export.speed.speed",
        "time_rounds",
        model=args.against,
        page=args.html is not None,
    )
    from keras2cv_bench import benching, findings, records

    baseline = None if args.baseline is None else records.read_record(args.baseline)
    if args.yardstick and baseline is None:
        raise UsageError("--yardstick is for --baseline. Give both, or leave it out.")
    wishes = benching.Wishes(
        batches=args.batch,
        threads=args.threads,
        seconds=args.seconds,
        samples=args.samples,
        tolerance=tuple(tolerance_of(args) or ()),
        unsafe=args.unsafe,
        imports=tuple(args.imports),
        engine=args.engine or "",
    )
    if args.pipeline is not None:
        return _execute_pipeline(args, wishes)
    with Steps() as steps:
        record = benching.bench(
            args.bundle, args.against, peers=args.peers, wishes=wishes, progress=steps
        )
    found = findings.outcome(record, baseline, args.max_ratio, args.yardstick)
    if args.json:
        write_json(args.json, record.to_dict())
    if args.json != STDOUT:
        _print(record, found)
    if args.html is not None:
        _write_page(record, found, args.html)
    return found.code


def _execute_pipeline(args: Namespace, wishes: Any) -> int:
    """Measure from file to answer; 1 where this bundle's answers are not the tutorials'.

    Raises:
        UsageError: An option belongs to the other benchmark.
    """
    from keras2cv_bench.whole.measure import bench_whole
    from keras2cv_bench.whole.report import render
    from keras2cv_bench.whole.subjects import BUNDLE
    from keras2cv_export.cli.console import safe_console

    given = {"--html": args.html, "--baseline": args.baseline, "--max-ratio": args.max_ratio}
    given |= {
        "--samples": args.samples,
        "--yardstick": args.yardstick,
        "more than one --batch": len(args.batch) > 1,
    }
    if wrong := [name for name, value in given.items() if value]:
        raise UsageError(f"--pipeline has no {wrong[0]}. Leave it out.")
    with Steps() as steps:
        record = bench_whole(
            args.bundle,
            args.against,
            args.pipeline,
            peers=args.peers,
            wishes=wishes,
            progress=steps,
        )
    if args.json:
        write_json(args.json, record.to_dict())
    if args.json != STDOUT:
        render(record, safe_console())
    ours = record.way(BUNDLE)
    return {"different": 1, "unclear": 4}.get(ours.answers.verdict if ours else "", 0)


def _print(record: Any, found: Any) -> None:
    from keras2cv_bench.report import render
    from keras2cv_export.cli.console import safe_console

    render(record, found, safe_console())


def _write_page(record: Any, found: Any, path: Path) -> None:
    from keras2cv_bench.page import page

    write_text(path, page(record, found))
