"""`python -m campaigns.faults [WORD ...]`: all faults, or those with a word in their name."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from pathlib import Path

from keras2cv.errors import Keras2cvWarning

from .kinds import all_faults
from .page import PLACE, text_of
from .trying import Bench, Outcome, try_fault


def main() -> int:
    """Try the faults, print a line for each, and write the page if all were tried."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.faults")
    parser.add_argument("words", nargs="*", help="only faults with one of these in their name")
    words = parser.parse_args().words
    warnings.simplefilter("ignore", Keras2cvWarning)
    faults = [f for f in all_faults() if not words or any(w in f.name for w in words)]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for fault in faults:
            started = time.perf_counter()
            outcomes.append(try_fault(bench, fault))
            one, seconds = outcomes[-1], time.perf_counter() - started
            line = (
                f"{one.verdict:<24} {one.alone:<12} {fault.group}, {fault.name} ({seconds:.0f} s)"
            )
            print(f"{line}\n    {one.effect}\n    {one.reason}", flush=True)
    if not words:
        PLACE.write_text(text_of(outcomes), encoding="utf-8", newline="\n")
    return int(any(one.verdict == "MISSED" for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
