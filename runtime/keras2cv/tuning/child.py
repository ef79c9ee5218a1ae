"""The process of one setting: load, pass the self-test, run when asked (`trying.py` asks)."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.golden_vectors import GoldenVectors, read_golden_vectors
from keras2cv.bundle.reading import Bundle, read_bundle
from keras2cv.errors import Keras2cvWarning
from keras2cv.net.forms import form_in
from keras2cv.predictor import Predictor
from keras2cv.selftest import SelfTestRow, compare, run_selftest

Array = NDArray[Any]

_MAX_TEXT: Final = 500  # of a problem


def answer(
    opening: Mapping[str, Any], report: Callable[..., None]
) -> Generator[dict[str, Any], Mapping[str, Any], None]:
    """Load a bundle with a setting; yield the verdict, and then durations for each request.

    Args:
        opening: "bundle", a path; "file", the name of one of its nets; "nets", how many work at the
            same time; "options", of Predictor.
        report: Called with the stage.

    Yields:
        "problem", why the self-test fails, or "" if it passes; later "nanoseconds", a list with the
        duration of each of the request's "runs".

    Raises:
        BundleError: The bundle is not whole.
        NetError: OpenCV fails.
    """
    warnings.simplefilter("ignore", Keras2cvWarning)
    report(stage="loading")
    bundle = read_bundle(Path(opening["bundle"]), choose=form_in(opening["file"]))
    models = [Predictor(bundle, **opening["options"]) for _ in range(opening["nets"])]
    report(stage="running the self-test")
    vectors = read_golden_vectors(bundle.selftest_path, bundle.manifest)
    problems = [_problem(model, bundle, vectors) for model in models]
    run = together([partial(_infer, model, _rows(model, vectors)) for model in models])
    request = yield {"problem": next(filter(None, problems), "")[:_MAX_TEXT]}
    report(stage="running")
    while True:
        request = yield {"nanoseconds": [_took(run) for _ in range(request["runs"])]}


def together(each: Sequence[Callable[[], Any]]) -> Callable[[], Any]:
    """Return a function that calls each of several at the same time."""
    if len(each) == 1:
        return each[0]
    pool = ThreadPoolExecutor(len(each))
    return lambda: list(pool.map(lambda one: one(), each))


def _problem(model: Predictor, bundle: Bundle, vectors: GoldenVectors) -> str:
    """Explain why a model's answers are not those of the self-test; "" if they are."""
    if model.manifest.model.batch != bundle.manifest.model.batch:
        return _first_problem(_in_batches(model, vectors))
    report = run_selftest(model)
    return _first_problem(report.rows) or next(iter(report.problems), "")


def _in_batches(model: Predictor, vectors: GoldenVectors) -> list[SelfTestRow]:
    """Compare runs of another batch than the bundle's: all samples in one call, and turned."""
    rows = []
    for samples in (vectors.samples, vectors.samples[::-1]):
        joined = [
            np.concatenate(arrays) for arrays in zip(*(s.inputs for s in samples), strict=True)
        ]
        answers = model.infer_net(*joined)
        expected = [
            np.concatenate(arrays) for arrays in zip(*(s.outputs for s in samples), strict=True)
        ]
        names = [tensor.name for tensor in model.manifest.outputs]
        each = zip(names, answers, expected, vectors.tolerances, strict=True)
        rows += [compare("samples in one run", *row) for row in each]
    return rows


def _first_problem(rows: Sequence[SelfTestRow]) -> str:
    for row in rows:
        if not row.passed:
            found = row.problem or f"off by {row.measured:.1e}, {row.limit:.1e} allowed"
            return f"self-test: {row.output} of {row.case}: {found}"
    return "" if rows else "self-test: nothing was compared"


def _rows(model: Predictor, vectors: GoldenVectors) -> list[Array]:
    """Return the inputs of one run of the net."""
    batch = model.manifest.model.batch
    first = vectors.samples[0].inputs
    if all(len(array) == batch for array in first):
        return list(first)
    joined = [
        np.concatenate(arrays) for arrays in zip(*(s.inputs for s in vectors.samples), strict=True)
    ]
    return [np.resize(array, (batch, *array.shape[1:])) for array in joined]


def _infer(model: Predictor, arrays: Sequence[Array]) -> None:
    model.infer_net(*arrays)


def _took(run: Callable[[], Any]) -> int:
    started = time.perf_counter_ns()
    run()
    return time.perf_counter_ns() - started
