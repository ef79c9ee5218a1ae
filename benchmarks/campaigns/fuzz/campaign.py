"""One kind's share of a run, in its own process, which never reads a mutated file itself.

    python -m campaigns.fuzz.campaign KIND SEED FIRST COUNT CORPUS FAILURES

A JSON line per outcome goes to stdout. Failures are made smaller, and kept as files. Of the nets
that crash OpenCV, the first ones and then a sample are given to the product itself.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2

from keras2cv.isolation.bootstrap import die_with_parent

from .children import GOOD, Outcome, put, run_inputs
from .confirm import confirmed, survived
from .corpus import Files, read_corpus
from .guard import leave_network
from .kinds import KINDS, Kind, case
from .shrink import shrunk

CONFIRMED: Final = 20


def run(
    kind: Kind, seed: int, numbers: range, corpus: dict[str, list[Files]], failures: Path
) -> Iterator[Outcome]:
    """Yield the outcome of each mutated input of `kind`.

    Args:
        kind: The kind of files.
        seed: Determines the mutations.
        numbers: Of the inputs.
        corpus: Kind of seed -> the seeds.
        failures: Folder for failing inputs.
    """
    for name in kind.warm if all(corpus.get(seeds) for seeds in kind.seeds) else ():
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="keras2cv-fuzz-") as folder:
        scratch = Path(folder).resolve()
        inputs = {n: functools.partial(case, kind, corpus, seed, n) for n in numbers}
        kept: set[str] = set()
        deaths = 0
        for outcome in run_inputs(kind, inputs, scratch):
            judged = outcome
            if kind.isolated and outcome.verdict in ("died", "hung"):
                deaths += 1
                judged = survived(outcome)
                if deaths <= CONFIRMED or deaths % CONFIRMED == 0:
                    judged = confirmed(outcome, inputs[outcome.number]())
            if judged.verdict not in (*GOOD, "leftovers", "unmade") and judged.detail not in kept:
                kept.add(judged.detail)
                smaller = shrunk(kind, inputs[judged.number](), judged)
                put(failures / f"{kind.name}-{seed}-{judged.number}", smaller)
            yield judged


def main() -> None:
    """Run one campaign."""
    name, seed, first, count, corpus, failures = sys.argv[1:]
    (kind,) = (kind for kind in KINDS if kind.name == name)
    die_with_parent()
    cv2.setNumThreads(1)  # before the fork: a child may hang when it changes their number
    print(json.dumps({"offline": leave_network()}), flush=True)
    Path(failures).mkdir(parents=True, exist_ok=True)
    numbers = range(int(first), int(first) + int(count))
    for outcome in run(kind, int(seed), numbers, read_corpus(Path(corpus)), Path(failures)):
        print(json.dumps(outcome.to_dict()), flush=True)


if __name__ == "__main__":
    main()
