"""The answers of another OpenCV, held against TensorFlow's as `check` does with its own.

Of stored weights the self-test alone is asked: `check` holds their answers against a twin.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from keras2cv.bundle.leftovers import temporary_folder
from keras2cv.bundle.npz import read_npz
from keras2cv.errors import Keras2cvError
from keras2cv.isolation import Entry, Limits, run_once
from keras2cv.net.opencv import version_tuple
from keras2cv_export import CheckReport
from keras2cv_export.matrix.environment import Environment, runtime_copy
from keras2cv_export.matrix.trial import run_selftest
from keras2cv_export.verifying.question import halves, there_and_back
from keras2cv_export.verifying.verify import judge

_SECONDS = 120.0


def problems_there(there: Environment, bundle: Path, checked: CheckReport) -> Iterator[str]:
    """Yield what would be said of a bundle there: by its self-test, and of a check's samples."""
    manifest = checked.manifest
    if version_tuple(there.opencv) < version_tuple(manifest.model.opencv):
        return  # it says so itself, and what it needs
    for engine in there.engines:
        row = run_selftest(
            there,
            bundle,
            asked=there.opencv,
            engine=engine,
            force_engine=True,
            required=True,
            timeout_s=_SECONDS,
        )
        if row.problem:
            yield f"{engine} selftest: {row.problem}"
        if manifest.weights is not None:
            continue
        try:
            yield from _judged(there, bundle, checked, engine)
        except Keras2cvError as error:
            yield f"{engine} check: {error}"


def _judged(there: Environment, bundle: Path, checked: CheckReport, engine: str) -> Iterator[str]:
    question, names = checked.question, [o.name for o in checked.manifest.outputs]
    stress = [one.sample for one in question.stress]
    asked = [*there_and_back(question.samples), *stress]
    arrays = {f"in/{i}/{k}": a for i, sample in enumerate(asked) for k, a in enumerate(sample)}
    with temporary_folder() as folder, runtime_copy(folder) as variables:
        inputs, outputs = folder / "inputs.npz", folder / "outputs.npz"
        np.savez(inputs, **arrays)  # type: ignore[arg-type]
        request = {"bundle": str(bundle.resolve()), "inputs": str(inputs), "outputs": str(outputs)}
        entry = Entry("keras2cv.trial.worker:answer", (), there.python, variables)
        run_once(entry, {**request, "options": {"engine": engine}}, Limits(_SECONDS))
        found = read_npz(outputs)
    given = [
        {name: found[f"out/{i}/{k}"] for k, name in enumerate(names)} for i in range(len(asked))
    ]
    first = len(given) - len(stress)
    report = judge(question, *halves(given[:first]), given[first:])
    if report.verdict != "pass":
        yield f"{engine} check {report.verdict}: {'; '.join(report.reasons)}"
