"""Nets that pass every check run on other OpenCVs, too, where each must survive.

    python -m campaigns.fuzz.elsewhere --seed 1 --count 2000 ~/.cache/keras2cv/opencv/*/bin/python

A changed net that the reader follows to its end is loaded by `run` in the user's own process. So
here the Python of each OpenCV loads and runs those nets, each in a fork, twice, while fresh memory
is filled with different bytes. It may answer the same twice, or raise an error of ours in one line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import Keras2cvError

from .children import put
from .corpus import Files, make_corpus, read_corpus
from .kinds import KINDS, case

_KINDS: Final = ("followed", "onnx", "run")
_CHILD: Final = Path(__file__).with_name("elsewhere_child.py")
_RUNTIME: Final = Path(__file__).parents[3] / "runtime"


def accepted(corpus: dict[str, list[Files]], seed: int, count: int, folder: Path) -> Iterator[Path]:
    """Write changed bundles, and yield those that pass all checks without a form unknown.

    Args:
        corpus: The seeds.
        seed: Determines the changes.
        count: How many are made.
        folder: Where those that pass stay.
    """
    kinds = [kind for kind in KINDS if kind.name in _KINDS]
    for number in range(count):
        kind = kinds[number % len(kinds)]
        place = folder / f"{kind.name}-{seed}-{number}"
        try:
            put(place, case(kind, corpus, seed, number))
            kept = read_bundle(place).unknown is None
        except (Keras2cvError, ValueError):
            kept = False
        if kept:
            yield place
        else:
            for file in place.iterdir() if place.exists() else ():
                file.unlink()


def outcomes(python: Path, folders: Sequence[Path]) -> list[dict[str, Any]]:
    """Return what became of each bundle in another OpenCV's Python."""
    names = "\n".join(map(str, folders))
    variables = {**os.environ, "PYTHONPATH": str(_RUNTIME)}
    ran = subprocess.run(
        [str(python), str(_CHILD)],
        input=names,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all; return 1 if a net broke an OpenCV."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.fuzz.elsewhere", description=__doc__)
    parser.add_argument("pythons", nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--corpus", type=Path)
    args = parser.parse_args(arguments)
    broken = 0
    random.seed(args.seed)
    with tempfile.TemporaryDirectory(prefix="keras2cv-fuzz-") as place:
        corpus = args.corpus or Path(place, "corpus")
        if not corpus.exists():
            make_corpus(corpus)
        folder = Path(place, "accepted")
        folder.mkdir()
        folders = list(accepted(read_corpus(corpus), args.seed, args.count, folder))
        print(f"{len(folders)} of {args.count} changed nets pass all checks", flush=True)
        for python in args.pythons:
            found = outcomes(python, folders)
            bad = [one for one in found if one["verdict"] not in ("answer", "refused")]
            broken += len(bad)
            print(python.parents[1].name, dict(Counter(one["verdict"] for one in found)))
            print(*bad[:20], sep="\n", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
