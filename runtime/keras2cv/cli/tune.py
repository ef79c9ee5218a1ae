"""`keras2cv tune BUNDLE`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Final

from keras2cv.cli import values
from keras2cv.cli.output import STDOUT, add_json_argument, write_json
from keras2cv.errors import UsageError
from keras2cv.net.opencv import require_opencv

if TYPE_CHECKING:
    from keras2cv.bundle.manifest import Rate, Trial
    from keras2cv.tuning.tune import DeviceTuning

USAGE: Final = "BUNDLE [options]"
ABOUT: Final = """\
Find the fastest way to run a bundle on this machine: each of its files of the
net, each engine, number of threads, and for many samples, how many in a run and
how many nets at a time. Each setting must pass the bundle's self-test, in a
process of its own, before it is timed in turns with the first.

The choice is noted in the bundle, in tuned.json, or where that may not be
written, in ~/.cache/keras2cv. `run` and `keras2cv.load` follow it on this
machine, with this OpenCV, for these nets, and nowhere else; what they are given
(--engine, --threads) comes first.
"""
EXAMPLES: Final = """\
  keras2cv tune cat.cv
  keras2cv tune cat.cv --budget 1 --json tuned-here.json
  keras2cv tune cat.cv --forget
"""
_WIDTH: Final = 60  # of a setting's words
_REASON: Final = 80  # characters of a reason; --json has all of it


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the verb's arguments."""
    values.add_bundle_argument(parser)
    parser.add_argument(
        "--budget",
        type=values.above_zero,
        metavar="SECONDS",
        help="about how long each setting is timed (3)",
    )
    parser.add_argument(
        "--forget", action="store_true", help="remove what was noted on this machine, and end"
    )
    add_json_argument(parser, "every setting with its times")


def execute(args: Namespace) -> int:
    """Measure, note, and print a table.

    Raises:
        UsageError: --forget has company.
    """
    require_opencv()
    if args.forget:
        if args.json or args.budget:
            raise UsageError("--forget measures nothing. Leave --json and --budget out.")
        return _forget(args)
    from keras2cv.cli.steps import Steps
    from keras2cv.tuning.tune import BUDGET_S, tune

    with Steps() as steps:
        found = tune(args.bundle, budget_s=args.budget or BUDGET_S, progress=steps)
    if args.json != STDOUT:
        print(*_lines(found), sep="\n")
    if args.json:
        write_json(args.json, found.to_dict())
    return 0


def _forget(args: Namespace) -> int:
    from keras2cv.bundle.reading import read_bundle
    from keras2cv.tuning.noting import forget

    manifest = read_bundle(args.bundle, check_hash=False).written
    places = forget(args.bundle, manifest)
    for place in places:
        print(f"forgotten: {place}")
    if not places:
        print(f"{args.bundle} was not tuned here")
    return 0


def _lines(found: DeviceTuning) -> Iterator[str]:
    record, tuned = found.record, found.record.tuned
    yield f"OpenCV {tuned.opencv}, {tuned.machine}, {tuned.cores} cores"
    names = [f"{trial}, {file}" for trial, file in zip(tuned.trials, record.files, strict=True)]
    yield from _rows(names, tuned.trials, tuned.chosen)
    if tuned.rates is not None and tuned.rate is not None:
        yield "many samples, a sample:"
        yield from _rows([str(rate) for rate in tuned.rates], tuned.rates, tuned.rate)
    if found.no_batches:
        yield f"many samples, no batch found: {found.no_batches}"
    first = tuned.trials[0]
    gain = "nothing is surely faster than the first"
    if tuned.choice is not first:
        gain = f"{record}: {tuned.choice.ratio:.2f} times the first's time"
    yield f"chosen: {gain}"
    if found.noisy:
        yield f"{found.noisy} could not be told from the first: free the machine, and run it again"
    yield f"noted in {found.place}; `keras2cv tune --forget` removes it"


def _rows(names: Sequence[str], trials: Sequence[Trial | Rate], chosen: int) -> Iterator[str]:
    width = min(max(map(len, names)), _WIDTH)
    for number, name in enumerate(names):
        trial = trials[number]
        mark = "*" if number == chosen else " "
        if trial.refused is not None:
            yield f" {mark} {name:<{width}}  refused: {shorten(trial.refused, _REASON)}"
            continue
        took = getattr(trial, "median_ms", None) or getattr(trial, "sample_ms", None)
        yield f" {mark} {name:<{width}}  {took:>8.3g} ms  {trial.ratio:.2f}"
