"""Try bundles on devices (the child's side of `trials.py`).

Each job names a bundle and a device. The layers that OpenCV leaves to the CPU are read from its
log, which goes to stdout.
"""

from __future__ import annotations

import math
import os
import re
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from numpy.typing import NDArray

from keras2cv.bundle.golden_vectors import read_golden_vectors
from keras2cv.bundle.reading import SELFTEST
from keras2cv.errors import Keras2cvError
from keras2cv.predictor import Predictor
from keras2cv.selftest import SelfTestReport, compare, run_selftest

Array = NDArray[Any]

LOG_LEVEL: Final = "OPENCV_LOG_LEVEL"
# modules/dnn/src/op_cuda.cpp, Net::Impl::initCUDABackend; every net's inputs are of that type
_LEFT: Final = re.compile(
    rb'fallback to the CPU implementation for the layer "[^"]*" of type (?!__NetInputLayer__)(\w+)'
)
_STDOUT: Final = 1


def answer(
    job: Mapping[str, Any], _: Callable[..., None]
) -> Generator[dict[str, Any], Mapping[str, Any], None]:
    """Do one job after the other."""
    warnings.simplefilter("ignore")  # some bundles are unverified
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), _STDOUT)
        while True:
            job = yield try_bundle(Path(job["bundle"]), job["device"], log)


def try_bundle(bundle: Path, device: str, log: IO[bytes]) -> dict[str, Any]:
    """Return the verdict on a bundle on a device, "right", "wrong" or "refused", with details.

    `error` and `cpu_error` are max|got - TensorFlow| / max|TensorFlow|, the worst of all outputs,
    here and on the CPU of the same engine; `from_cpu` is the distance between those two. `left`
    counts the layers that OpenCV leaves to the CPU, by type. A problem that the CPU's self-test
    reports too does not count against the device.
    """
    measured: dict[str, Any] = {}
    known: Sequence[str] = ()
    try:
        model, report = tested(bundle, engine="classic")
        measured["cpu_error"] = worst(row.measured for row in report.rows)
        expected, known = answers_of(model), report.problems
    except Keras2cvError as error:
        measured["cpu_error"], expected = _one_line(error), None
    log.seek(0)
    log.truncate()
    started = time.perf_counter()
    try:
        model, report = tested(bundle, device=device, check_device=False)
        got = answers_of(model)
    except Keras2cvError as error:
        return {**measured, "verdict": "refused", "reason": _one_line(error)}
    measured["seconds"] = round(time.perf_counter() - started, 3)
    log.seek(0)
    measured["left"] = left_layers(log.read())
    measured["error"] = worst(row.measured for row in report.rows)
    if expected is not None:
        pairs = zip(got, expected, strict=True)
        measured["from_cpu"] = worst(compare("", "", a, b, 1.0).measured for a, b in pairs)
    if reason := first_problem(report, known):
        return {**measured, "verdict": "wrong", "reason": reason}
    return {**measured, "verdict": "right"}


def tested(bundle: Path, **options: Any) -> tuple[Predictor, SelfTestReport]:
    """Return a loaded bundle, and the report of its self-test.

    Raises:
        Keras2cvError: OpenCV does not load or run it.
    """
    model = Predictor(bundle, **options)
    return model, run_selftest(model)


def answers_of(model: Predictor) -> list[Array]:
    """Return every output for every golden sample."""
    golden = read_golden_vectors(model.folder / SELFTEST, model.manifest)
    return [array for sample in golden.samples for array in model.infer(*sample.inputs)]


def first_problem(report: SelfTestReport, known: Sequence[str] = ()) -> str:
    """Return the first problem of a self-test that is not in `known`, or ""."""
    rows = [row for row in report.rows if not row.passed]
    problems = [f"{r.output} of {r.case}: {r.problem or f'off by {r.measured:.1e}'}" for r in rows]
    return next(iter(problems + [p for p in report.problems if p not in known]), "")


def worst(errors: Iterable[float]) -> float | None:
    """Return the largest, or None if one is no finite number."""
    found = list(errors)
    return max(found) if all(map(math.isfinite, found)) else None


def _one_line(error: Keras2cvError) -> str:
    return " ".join(str(error).split())


def left_layers(log: bytes) -> Counter[str]:
    """Count the layers of each type that are left to the CPU, by a log."""
    return Counter(kind.decode() for kind in _LEFT.findall(log))
