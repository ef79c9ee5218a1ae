"""Try bundles on a GPU, each in a process that may crash, and list which are right there.

    python -m campaigns.devices suite/ cat.cv --device cuda,cuda-fp16 --json devices.json

A bundle is right on a device if it passes its self-test there: TensorFlow's answers, by the
bundle's tolerance, or half precision's. Folders are searched for bundles. Exit code 1 if a bundle
is wrong or crashes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO

import cv2

from campaigns.devices.trials import Trial, run_trials
from keras2cv.bundle.reading import MANIFEST
from keras2cv.errors import Keras2cvError, UsageError, VerdictError
from keras2cv.net.device import TARGETS, choose_device

_SHOWN = 20


def main(argv: Sequence[str] | None = None) -> int:
    """Try them, print the table, and return the exit code."""
    args = parser().parse_args(argv)
    try:
        bundles = list(find_bundles(args.bundles))
        for device in args.device:  # else every trial would report that it is missing
            choose_device(device)
        trials = tried(bundles, args.device, args.workers, args.json)
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted: what was tried is in the file of --json", file=sys.stderr)
        return 130
    print("\n".join(table(trials)))
    bad = any(trial.verdict in ("wrong", "crash") for trial in trials)
    return VerdictError.exit_code if bad else 0


def find_bundles(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the bundles among `paths` and in the folders among them.

    Raises:
        UsageError: There is none.
    """
    for path in paths:
        found = [path] if (path / MANIFEST).is_file() else sorted(
            manifest.parent for manifest in path.glob(f"**/{MANIFEST}")
        )  # fmt: skip
        if not found:
            raise UsageError(f"{path} is no bundle, and none is in it. Give bundles or folders.")
        yield from found


def tried(
    bundles: Sequence[Path], devices: Sequence[str], workers: int, out: Path | None
) -> list[Trial]:
    """Return a trial per bundle and device; write each to `out`, a JSON line, once it is done.

    Args:
        bundles: Folders of bundles.
        devices: Names, such as "cuda".
        workers: How many processes run at a time.
        out: A file for the trials; None writes none.

    Raises:
        UsageError: `out` cannot be written.
    """
    trials: list[Trial] = []
    with opened(out) as file:
        for trial in run_trials(bundles, devices, workers):
            trials.append(trial)
            print(json.dumps(asdict(trial)), file=file, flush=True)
            _show(len(trials), len(bundles) * len(devices))
    return trials


def opened(path: Path | None) -> IO[str]:
    """Open an empty file at `path` for writing; None discards the output.

    Raises:
        UsageError: It cannot be written.
    """
    try:
        return Path(path or os.devnull).open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def _show(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r{done} of {total}", end=end, file=sys.stderr, flush=True)


def table(trials: Sequence[Trial]) -> Iterator[str]:
    """Yield the lines of a Markdown table, then the trials that were not right."""
    yield f"OpenCV {cv2.__version__}"
    yield ""
    yield "| device | right | all layers there | wrong | refused | crash |"
    yield "|---|--:|--:|--:|--:|--:|"
    for device in dict.fromkeys(trial.device for trial in trials):
        mine = [trial for trial in trials if trial.device == device]
        count = Counter(trial.verdict for trial in mine)
        whole = sum(trial.verdict == "right" and not trial.left for trial in mine)
        cells = [count["right"], whole, count["wrong"], count["refused"], count["crash"]]
        yield f"| {device} | {' | '.join(map(str, cells))} |"
    bad = [trial for trial in trials if trial.verdict != "right"]
    yield from ("" for _ in bad[:1])
    yield from (f"{t.verdict}: {t.bundle} on {t.device}: {t.reason}" for t in bad[:_SHOWN])
    if len(bad) > _SHOWN:
        yield f"and {len(bad) - _SHOWN} more, all of them in the file of --json"


def devices_of(text: str) -> tuple[str, ...]:
    """Return the devices that `text` lists.

    Raises:
        ArgumentTypeError: One of them is unknown.
    """
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in TARGETS]:
        raise argparse.ArgumentTypeError(f"no device {unknown[0]!r}: give {', '.join(TARGETS)}")
    return names


def parser() -> argparse.ArgumentParser:
    """Return the reader of the flags."""
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.devices",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("bundles", type=Path, nargs="+", help="bundles, or folders of them")
    parser.add_argument(
        "--device", type=devices_of, default=("cuda", "cuda-fp16"), help="default: cuda,cuda-fp16"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes at once (default: 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="a line per trial")
    return parser


if __name__ == "__main__":
    sys.exit(main())
