"""`python -m campaigns.faults [WORD ...] [--results FILE]`: all faults, or those with a word."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from pathlib import Path

from keras2cv.errors import Keras2cvWarning

from .fault import Fault
from .kinds import all_faults
from .page import PLACE, text_of
from .results import Results
from .trying import Bench, Outcome, try_fault


def main() -> int:
    """Try the faults, print a line for each, and write the page once all were tried."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.faults")
    parser.add_argument("words", nargs="*", help="only faults with one of these in their name")
    parser.add_argument("-r", "--results", help="a file to go on from, with a line per fault")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Keras2cvWarning)
    every = all_faults()
    results = Results(None if options.results is None else Path(options.results), every)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for fault in every:
            if fault not in results and _is_meant(fault, options.words):
                started = time.perf_counter()
                results.add(try_fault(bench, fault))
                _show(results.outcomes[-1], time.perf_counter() - started)
    if len(results.outcomes) == len(every):
        PLACE.write_text(text_of(results.in_order()), encoding="utf-8", newline="\n")
    return int(any(one.verdict == "MISSED" for one in results.outcomes))


def _is_meant(fault: Fault, words: list[str]) -> bool:
    return not words or any(word in fault.name for word in words)


def _show(one: Outcome, seconds: float) -> None:
    line = f"{one.verdict:<24} {one.alone:<12} {one.fault.group}, {one.fault.name}"
    print(f"{line} ({seconds:.0f} s)\n    {one.effect}\n    {one.reason}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
