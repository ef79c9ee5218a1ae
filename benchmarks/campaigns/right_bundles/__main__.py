"""`python -m campaigns.right_bundles [WORD ...] [--seeds 0 1] [--results FILE]`: who is accused.

Every bundle is exported and checked here on all engines, and then on older OpenCVs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path

from keras2cv.errors import Keras2cvError, Keras2cvWarning
from keras2cv_export import check, export
from keras2cv_export.matrix.environment import Environment, Environments

from .elsewhere import problems_there
from .models import RIGHT_MODELS, STORED

_STORAGES = ("fp32", "fp16", "int8")


def main() -> int:
    """Try them, and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m campaigns.right_bundles")
    parser.add_argument("words", nargs="*", help="only models with one of these in their name")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(10)))
    parser.add_argument("--opencv", nargs="*", default=["4.14", "4.6"])
    parser.add_argument("-r", "--results", type=Path, help="a file to go on from")
    options = parser.parse_args()
    warnings.simplefilter("ignore", Keras2cvWarning)
    source = Environments()
    there = {one: source.prepare(source.resolve(one)) for one in options.opencv}
    done = _read(options.results)
    for seed in options.seeds:
        for name, storage in _kinds(options.words):
            key = f"{name}, {storage}, seed {seed}"
            if key in done:
                continue
            started = time.perf_counter()
            done[key] = list(_problems(name, storage, seed, there))
            took = time.perf_counter() - started
            print(f"{key} ({took:.0f} s): {'; '.join(done[key]) or 'right'}", flush=True)
            if options.results is not None:
                options.results.write_text(json.dumps(done, indent=1), encoding="utf-8")
    accused = sum(map(bool, done.values()))
    print(f"{len(done) - accused} of {len(done)} right")
    return int(accused > 0)


def _read(path: Path | None) -> dict[str, list[str]]:
    if path is None or not path.exists():
        return {}
    found: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _kinds(words: list[str]) -> Iterator[tuple[str, str]]:
    for name in RIGHT_MODELS:
        for storage in _STORAGES if name in STORED else _STORAGES[:1]:
            if not words or any(word in f"{name}, {storage}" for word in words):
                yield name, storage


def _problems(
    name: str, storage: str, seed: int, there: Mapping[str, Environment]
) -> Iterator[str]:
    """Yield what is said against a right bundle."""
    with tempfile.TemporaryDirectory() as folder:
        model, bundle = RIGHT_MODELS[name](seed), Path(folder, "right.cv")
        try:
            made = export(model, bundle, task="raw", weights=storage)
            checked = check(bundle, model)
        except Keras2cvError as error:
            yield f"refused: {error}"
            return
        if made.parity is not None and made.parity.verdict != "pass":
            yield f"export {made.parity.verdict}: {'; '.join(made.parity.reasons)}"
        if made.manifest.engine.name != "any":
            yield f"for the {made.manifest.engine.name} engine alone"
        if checked.verdict != "pass":
            yield f"check {checked.verdict}: {'; '.join(checked.reasons)}"
        for version, environment in there.items():
            for problem in problems_there(environment, bundle, checked):
                yield f"{version}: {problem}"


if __name__ == "__main__":
    sys.exit(main())
