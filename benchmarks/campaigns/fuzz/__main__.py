"""`python -m campaigns.fuzz`: see the package."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .children import GOOD
from .corpus import make_corpus
from .kinds import KINDS, Kind


@dataclass
class Tally:
    """The outcomes of one kind's inputs, counted."""

    kind: Kind
    offline: bool = False
    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    seconds: float = 0.0

    def note(self, record: dict[str, Any]) -> None:
        """Count one outcome."""
        verdict, detail = record["verdict"], record["detail"]
        self.outcomes[verdict] += 1
        self.slowest_s = max(self.slowest_s, record["seconds"])
        if verdict == "refused":
            self.refusals[detail] += 1
        elif verdict not in GOOD:
            self.failures[f"{verdict}: {detail} (#{record['number']})"] += 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "kind": self.kind.name,
            "inputs": sum(self.outcomes.values()),
            "outcomes": dict(self.outcomes),
            "refusals": dict(self.refusals.most_common()),
            "failures": dict(self.failures),
            "slowest_s": round(self.slowest_s, 3),
            "seconds": round(self.seconds, 1),
            "offline": self.offline,
        }


def fuzz(
    seed: int,
    count: int,
    kinds: Sequence[Kind],
    corpus: Path,
    failures: Path,
    jobs: int,
    start: int = 0,
) -> list[Tally]:
    """Try `count` mutated inputs of `kinds`, by their shares; several kinds at a time.

    Args:
        seed: Determines the mutations.
        count: Inputs of all kinds together.
        kinds: The kinds of files.
        corpus: Folder of the seeds.
        failures: Folder for failing inputs.
        jobs: How many kinds run at a time.
        start: Number of the first input.
    """
    whole = sum(kind.share for kind in kinds)
    shares = {kind.name: max(1, round(count * kind.share / whole)) for kind in kinds}

    def campaign(kind: Kind) -> Tally:
        tally, started = Tally(kind), time.monotonic()
        for record in _campaign_lines(kind.name, seed, start, shares[kind.name], corpus, failures):
            if "offline" in record:
                tally.offline = record["offline"]
            else:
                tally.note(record)
        tally.seconds = time.monotonic() - started
        print(_line(tally), file=sys.stderr, flush=True)
        return tally

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(campaign, kinds))


def _campaign_lines(
    kind: str, seed: int, start: int, count: int, corpus: Path, failures: Path
) -> Iterator[dict[str, Any]]:
    """Yield the lines of one campaign; raise if its process dies, which no input may cause."""
    command = [sys.executable, "-m", "campaigns.fuzz.campaign", kind, str(seed), str(start)]
    command += [str(count), str(corpus), str(failures)]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quiet
    ) as child:
        assert child.stdout is not None  # noqa: S101 - it is a pipe
        assert child.stderr is not None  # noqa: S101
        yield from map(json.loads, child.stdout)
        words = child.stderr.read()
    if child.returncode != 0:
        raise RuntimeError(f"the campaign on {kind} died ({child.returncode}): {words[-2000:]}")


def _line(tally: Tally) -> str:
    counts = tally.to_dict()
    bad = sum(tally.failures.values())
    answers, refused = tally.outcomes["answer"], tally.outcomes["refused"]
    return (
        f"{counts['kind']:<11}{counts['inputs']:>8} inputs {answers:>8} answers "
        f"{refused:>8} refused "
        f"{bad:>5} failures  {counts['seconds']:>7} s, slowest {counts['slowest_s']} s"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the fuzzer; return 1 if anything failed."""
    args = _parser().parse_args(arguments)
    kinds = [kind for kind in KINDS if not args.only or kind.name in args.only.split(",")]
    with tempfile.TemporaryDirectory(prefix="keras2cv-fuzz-") as folder:
        corpus = args.corpus or Path(folder, "corpus")
        if not corpus.exists():
            make_corpus(corpus)
        tallies = fuzz(
            args.seed, args.count, kinds, corpus.resolve(), args.failures.resolve(),
            args.jobs, args.start,
        )  # fmt: skip
    report = {"seed": args.seed, "start": args.start, "kinds": [t.to_dict() for t in tallies]}
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    inputs = sum(sum(t.outcomes.values()) for t in tallies)
    failures = [f"{t.kind.name}: {text}" for t in tallies for text in t.failures]
    print(f"{inputs} mutated inputs, seed {args.seed}: {len(failures)} failures")
    print(*failures[:100], sep="\n")
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.fuzz", description=__doc__, allow_abbrev=False
    )
    names = ",".join(kind.name for kind in KINDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000, help="mutated inputs (default: 2000)")
    parser.add_argument("--start", type=int, default=0, help="number of each kind's first input")
    parser.add_argument("--only", metavar="KIND,...", help=f"some of {names}")
    parser.add_argument("--corpus", type=Path, help="seeds; made there if it does not exist")
    parser.add_argument("--failures", type=Path, default=Path("fuzz-failures"))
    parser.add_argument("--jobs", type=int, default=2, help="kinds at a time (default: 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts")
    return parser


if __name__ == "__main__":
    sys.exit(main())
