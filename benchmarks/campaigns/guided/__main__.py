"""`python -m campaigns.guided`: see the package."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from campaigns.fuzz.corpus import Files, make_corpus, read_corpus

from .targets import TARGETS, seeds_of

_RUNS: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_DONE: Final = re.compile(r"^Done (\d+) runs|^#(\d+)\s", re.MULTILINE)


def environment(folder: Path) -> Path:
    """Return the Python of an environment that has atheris, and this one's packages behind it."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "atheris"]
        subprocess.run(install, check=True)
    return python


def run_target(
    name: str,
    python: Path,
    corpus: dict[str, list[Files]],
    folder: Path,
    crashes: Path,
    seconds: int,
    seed: int,
) -> dict[str, Any]:
    """Return what a target's run came to.

    Args:
        name: The target.
        python: It has atheris.
        corpus: The first inputs, by kind.
        folder: Where inputs that reach new code are kept.
        crashes: Where inputs that break a promise are kept.
        seconds: How long it runs.
        seed: Of libFuzzer.
    """
    inputs = folder / name
    inputs.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds_of(TARGETS[name], corpus)):
        (inputs / f"seed-{number}").write_bytes(data)
    before = set(crashes.iterdir())
    command = [str(python), "-m", "campaigns.guided.child", name, str(inputs), str(seed)]
    command += [f"-max_total_time={seconds}", f"-seed={seed}", "-timeout=20", "-rss_limit_mb=3000"]
    command += ["-print_final_stats=1", "-max_len=262144", f"-artifact_prefix={crashes}/{name}-"]
    paths = os.pathsep.join(path for path in sys.path if path)
    variables = {**os.environ, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"}
    ran = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    runs = [int(found) for found in _RUNS.findall(ran.stderr)]
    runs = runs or [int(a or b) for a, b in _DONE.findall(ran.stderr)][-1:]
    new = sorted(path.name for path in set(crashes.iterdir()) - before)
    broken = ran.returncode != 0 and not new
    return {
        "target": name,
        "inputs": sum(runs),
        "kept": len(list(inputs.iterdir())),
        "crashes": new,
        "words": ran.stderr[-3000:] if new or broken else "",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the targets one after another; return 1 if a promise was broken."""
    args = _parser().parse_args(arguments)
    names = args.only.split(",") if args.only else list(TARGETS)
    args.crashes.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="keras2cv-guided-") as scratch:
        python = environment(args.environment or Path(scratch, "environment"))
        seeds = args.seeds or Path(scratch, "seeds")
        if not seeds.exists():
            make_corpus(seeds)
        corpus = read_corpus(seeds)
        folder = args.inputs or Path(scratch, "inputs")
        records = []
        for name in names:
            record = run_target(
                name, python, corpus, folder.resolve(), args.crashes.resolve(), args.seconds,
                args.seed,
            )  # fmt: skip
            records.append(record)
            print(json.dumps(record), flush=True)
    inputs = sum(record["inputs"] for record in records)
    failed = [record["target"] for record in records if record["words"]]
    print(f"{inputs} inputs; broken: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m campaigns.guided", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--seconds", type=int, default=60, help="per target (default: 60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="TARGET,...", help=f"some of {','.join(TARGETS)}")
    parser.add_argument("--seeds", type=Path, help="first inputs; made there if it does not exist")
    parser.add_argument("--inputs", type=Path, help="inputs that reach new code, kept for the next")
    parser.add_argument("--crashes", type=Path, default=Path("guided-crashes"))
    parser.add_argument("--environment", type=Path, help="with atheris; made if it does not exist")
    return parser


if __name__ == "__main__":
    sys.exit(main())
