"""Time bundles on devices: medians of `infer`, all sides in turns, in one process per bundle.

    python -m campaigns.devices.speed *.cv --batch 1,8,32 --threads 2 --json speed.json

The CPU is timed on all of its threads, and on --threads of them. Nothing else should run.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2

from campaigns import PACKAGES
from campaigns.devices.__main__ import devices_of, find_bundles, opened
from keras2cv.errors import Keras2cvError
from keras2cv.isolation import Entry, Limits, answer_each

_ENTRY: Final = Entry("campaigns.devices.speed_child:answer", PACKAGES)
_LIMITS: Final = Limits(300.0, start_seconds=300.0)
Side = tuple[str, int | None]  # device, threads of OpenCV: None, all


def main(argv: Sequence[str] | None = None) -> int:
    """Time them, print a table, and return the exit code."""
    args = parser().parse_args(argv)
    sides: list[Side] = [("cpu", None)] if "cpu" in args.device else []
    sides += [("cpu", n) for n in args.threads if "cpu" in args.device]
    sides += [(device, None) for device in args.device if device != "cpu"]
    try:
        with opened(args.json) as file:
            print(f"OpenCV {cv2.__version__}, {cv2.getNumThreads()} threads; medians in ms\n")
            print(f"| bundle | batch | {' | '.join(map(_title, sides))} |")
            print(f"|---|--:|{'--:|' * len(sides)}")
            for bundle in find_bundles(args.bundles):
                for row in time_bundle(bundle, sides, args.batch, args.seconds):
                    print(json.dumps(row), file=file, flush=True)
                    print(_row(row), flush=True)
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def time_bundle(
    bundle: Path, sides: Sequence[Side], batches: Sequence[int], seconds: float
) -> Iterator[dict[str, Any]]:
    """Yield the measured row of each batch, from a fresh process.

    Args:
        bundle: Its folder.
        sides: Devices, each with a number of OpenCV's threads or None.
        batches: Samples per run.
        seconds: About how long to time each side.
    """
    for batch in batches:
        job = {
            "bundle": str(bundle.absolute()),
            "sides": sides,
            "batch": batch,
            "seconds": seconds,
        }
        (answer,) = answer_each(_ENTRY, [job], _LIMITS)
        lost = [{"reason": answer.problem} for _ in sides] if answer.problem else []
        yield {"bundle": bundle.name, "batch": batch, "sides": lost, **answer.reply}


def _title(side: Side) -> str:
    device, threads = side
    return f"{device}, {threads} threads" if threads else device


def _row(row: Mapping[str, Any]) -> str:
    cells = [f"{side['median_ms']:.2f}" if "median_ms" in side else "-" for side in row["sides"]]
    return f"| {row['bundle']} | {row['batch']} | {' | '.join(cells)} |"


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def parser() -> argparse.ArgumentParser:
    """Return the reader of the flags."""
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.devices.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("bundles", type=Path, nargs="+", help="bundles, or folders of them")
    parser.add_argument(
        "--device",
        type=devices_of,
        default=("cpu", "cuda", "cuda-fp16"),
        help="default: cpu,cuda,cuda-fp16",
    )
    parser.add_argument("--batch", type=_numbers, default=(1,), help="default: 1")
    parser.add_argument("--threads", type=_numbers, default=(), help="of the CPU, beside all")
    parser.add_argument("--seconds", type=float, default=1.0, help="per side (default: 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every run, a line per batch")
    return parser


if __name__ == "__main__":
    sys.exit(main())
