"""Import every file of a folder, and run both files on every OpenCV."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import Keras2cvError
from keras2cv.net.tensors import to_net
from keras2cv_export import export
from keras2cv_export.matrix.environment import Environment, Environments
from keras2cv_export.model.load import load_model
from keras2cv_export.model.reference import reference
from keras2cv_export.verifying.samples import default_samples

from .row import Row
from .table import table

OPENCV: Final = ("5.0", "4.14", "4.6")
_CHILD: Final = Path(__file__).with_name("child.py")
_SECONDS: Final = 120


def measure(folder: Path, work: Path) -> Iterator[Row]:
    """Yield a row per file and engine."""
    source = Environments()
    there = [(one, source.prepare(source.resolve(one))) for one in OPENCV]
    for path in sorted(folder.glob("*.onnx")):
        bundle, problem = work / f"{path.stem}.cv", ""
        given = path.with_suffix(".npz")
        try:
            export(path, bundle, task="raw", against=given if given.exists() else None)
        except Keras2cvError as error:
            problem = " ".join(str(error).split())[:300]
        plain, ours = _samples(path, bundle, work, problem)
        for version, environment in there:
            for engine in environment.engines:
                theirs = _tried(environment, path, plain, engine)
                own = {"error": problem}
                if not problem:
                    own = _tried(environment, bundle / "model.onnx", ours, engine)
                yield Row(path.stem, version, engine, theirs, own)


def _samples(path: Path, bundle: Path, work: Path, problem: str) -> tuple[Path, Path]:
    """Write one sample for the plain file, and the same for the bundle's; return both."""
    loaded = load_model(path)
    sample = default_samples(loaded.inputs, 1, 7)[0]
    named = {spec.name: array for spec, array in zip(loaded.inputs, sample, strict=True)}
    answers = reference(loaded)(named)
    plain, ours = work / f"{path.stem}_plain.npz", work / f"{path.stem}_ours.npz"
    inputs = {f"in/{name}": array for name, array in named.items()}
    whole: dict[str, Any] = inputs | {f"out/{n}": a for n, a in answers.items()}
    np.savez(plain, **whole)
    if not problem:
        manifest = read_bundle(bundle).manifest
        arrays: dict[str, Any] = {
            f"in/{t.net_name}": to_net(named[t.name], t) for t in manifest.inputs
        }
        for t in manifest.outputs:
            array = answers[t.name]
            arrays[f"out/{t.net_name}"] = array if t.layout == "same" else np.moveaxis(array, -1, 1)
        np.savez(ours, **arrays)
    return plain, ours


def _tried(environment: Environment, file: Path, sample: Path, engine: str) -> dict[str, Any]:
    command = [str(environment.python), str(_CHILD), str(file), str(sample), engine]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not done after {_SECONDS} s"}
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        return {"error": f"crashed ({done.returncode})"}
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def main() -> None:
    """Measure the folders of the command line into results.json, then print the table."""
    *folders, work = map(Path, sys.argv[1:])
    work.mkdir(parents=True, exist_ok=True)
    rows = []
    for folder in folders:
        for row in measure(folder, work):
            rows.append(row)
            print(row, file=sys.stderr, flush=True)
            (work / "results.json").write_text(json.dumps([vars(one) for one in rows]))
    print(table(rows))
