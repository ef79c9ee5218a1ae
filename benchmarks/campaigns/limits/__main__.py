"""`python -m campaigns.limits`: see the package."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2

from campaigns.command_line import print_progress
from keras2cv.errors import Keras2cvError, UsageError
from keras2cv_bench.environment import host, usable_cores
from keras2cv_export.matrix.environment import cache_folder

from .chains import CHAINS, throughputs
from .page import Profiles, text_of
from .profiles import in_cv2, in_onnxruntime

WORST: Final = ("ResNet50", "InceptionV3", "U-Net", "MobileNetV2")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure chains and models, and write the page; return the exit code."""
    args = _parser().parse_args(argv)
    cv2.setNumThreads(args.threads)
    try:
        with tempfile.TemporaryDirectory(prefix="keras2cv-limits-") as place:
            folder = Path(place)
            found = []
            for chain in CHAINS:
                found.append((chain, throughputs(chain, folder, args.threads)))
                print_progress(f"{chain.name}, {chain.channels} channels")
            profiles = _profiles(args.work, args.models.split(","), args.threads, folder)
        _write(args.output, text_of(host(None), args.threads, found, profiles))
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _profiles(work: Path, names: Sequence[str], threads: int, folder: Path) -> Profiles:
    found = {}
    for name in filter(None, names):
        ours, theirs = work / name / "model.cv" / "model.onnx", work / name / "plain.onnx"
        for path in (ours, theirs):
            if not path.exists():
                raise UsageError(
                    f"There is no {path}. Prepare it: "
                    f"python -m campaigns.performance --prepare-only --only {name}"
                )
        found[name] = in_cv2(ours), in_onnxruntime(theirs, threads, folder)
        print_progress(name)
    return found


def _write(output: Path, text: str) -> None:
    path = output / "performance_limits.md"
    try:
        output.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Use -o.") from error
    print_progress(f"wrote {path}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.limits",
        description="Time chains of one kind of layer, and models layer by layer.",
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"), metavar="DIR")
    parser.add_argument(
        "-w", "--work", type=Path, default=cache_folder() / "performance", metavar="DIR"
    )
    parser.add_argument("--models", default=",".join(WORST), metavar="NAMES", help="by commas")
    parser.add_argument("--threads", type=int, default=usable_cores(), metavar="N")
    return parser


if __name__ == "__main__":
    sys.exit(main())
