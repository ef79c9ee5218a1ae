"""`python -m campaigns.performance`: see the package."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from keras2cv.errors import Keras2cvError, UsageError
from keras2cv_bench.environment import usable_cores
from keras2cv_export.matrix.environment import cache_folder

from .measure import measure_all, peaks, prepare_all, results
from .page import write
from .zoo import Case, cases

SECONDS = 2.0


def main(argv: Sequence[str] | None = None) -> int:
    """Prepare and measure the missing cases, and write the page; return the exit code."""
    args = _parser().parse_args(argv)
    started = time.monotonic()

    def progress(line: str) -> None:
        minutes, seconds = divmod(round(time.monotonic() - started), 60)
        print(f"{minutes:3d}:{seconds:02d}  {line}", file=sys.stderr, flush=True)

    try:
        chosen = _chosen(args.only)
        args.work.mkdir(parents=True, exist_ok=True)
        prepare_all(chosen, args.work, progress)
        if args.prepare_only:
            return 0
        counts = sorted({case.threads or usable_cores() for case in chosen})
        ceilings = peaks(args.work, counts)
        measure_all(
            chosen, args.work, args.seconds, progress, again=args.again, minutes=args.minutes
        )
        found = list(results(cases(usable_cores()), args.work))
        if not found:
            raise UsageError("Nothing was measured. The log of each export is beside its files.")
        write(found, ceilings, args.output)
    except Keras2cvError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    progress(f"wrote {args.output / 'performance.md'}: {len(found)} cases")
    return 0


def _chosen(only: str) -> tuple[Case, ...]:
    """Return the cases of those names, or groups; all of them without."""
    everything = cases(usable_cores())
    names = [name for name in only.split(",") if name]
    known = {case.name for case in everything} | {case.group for case in everything}
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"There is no case {unknown[0]!r}. There are: {', '.join(sorted(known))}.")
    return tuple(c for c in everything if not names or c.name in names or c.group in names)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.performance",
        description="Measure the models that keras2cv is judged by, and write docs/performance.md.",
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("docs"), metavar="DIR")
    parser.add_argument(
        "-w", "--work", type=Path, default=cache_folder() / "performance", metavar="DIR"
    )
    parser.add_argument("--only", default="", metavar="NAMES", help="cases or groups, by commas")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each subject's blocks")
    parser.add_argument(
        "--minutes",
        type=float,
        default=math.inf,
        help="begin no case after that; run again to go on",
    )
    parser.add_argument("--again", action="store_true", help="measure existing results anew")
    parser.add_argument("--prepare-only", action="store_true", help="export, and measure nothing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
