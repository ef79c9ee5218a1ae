"""Answers that depend on the number of threads, on the other rows of a call, or on the call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras2cv.bundle.manifest import Trial, Tuned
from keras2cv.trial.running import WorkerRun
from keras2cv_export.parity.parity import compare
from keras2cv_export.parity.tolerance import parse_tolerance
from keras2cv_export.verifying import circumstances
from keras2cv_export.verifying.circumstances import circumstances_of, in_other_circumstances
from keras2cv_export.verifying.question import Question
from keras2cv_export.verifying.verify import Verification
from support.tiny_bundle import HEIGHT, WIDTH, Classifier

Array = np.ndarray[Any, Any]
MANIFEST = Classifier().manifest()
RNG = np.random.default_rng(4)
SAMPLES = [(RNG.uniform(-1, 1, (1, HEIGHT, WIDTH, 3)).astype(np.float32),) for _ in range(4)]
EXPECTED = [{"scores": Classifier()(image)} for (image,) in SAMPLES]


def found() -> Verification:
    """Return a comparison that passed."""
    report = compare(EXPECTED, EXPECTED)
    return Verification(report, {"new": report}, MANIFEST.engine, None, (), {"new": EXPECTED}, {})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, str]]:
    """Return a function that asks an OpenCV which spoils the answer to a call."""

    def run(spoil: Callable[[int, Array], Array]) -> tuple[str, str]:
        def worker(folder: Path, samples: Any, *, threads: int, **_: Any) -> WorkerRun:
            assert threads == 1
            answers = [(spoil(k, Classifier()(one[0])),) for k, one in enumerate(samples)]
            return WorkerRun(tuple(answers), "5.1.0", "new", 1, 1.0)

        monkeypatch.setattr(circumstances, "run_worker", worker)
        question = Question(SAMPLES, EXPECTED, None, parse_tolerance("fp32"), {}, frozenset())
        result = in_other_circumstances(Path("never-read.cv"), MANIFEST, question, found())
        return result.parity.verdict, " ".join(result.by_engine["new"].reasons)

    return run


def test_the_same_answers_pass(asked: Callable[..., tuple[str, str]]) -> None:
    """Rounding by another order of summing is no difference."""
    assert asked(lambda _, y: y * np.float32(1 + 1e-6)) == ("pass", "")


def test_rows_of_one_call_that_mix_fail(asked: Callable[..., tuple[str, str]]) -> None:
    """The first row for all of them, or two rows exchanged."""
    for wrong in (lambda y: np.repeat(y[:1], len(y), 0), lambda y: y[::-1]):
        verdict, why = asked(lambda k, y, wrong=wrong: wrong(y) if k == 0 else y)
        assert verdict == "fail"
        assert "4 rows in one call" in why


def test_a_later_call_that_answers_otherwise_fails(asked: Callable[..., tuple[str, str]]) -> None:
    """Every twentieth call, and the hundredth of a small net."""
    for bad in (20, 99):
        verdict, why = asked(lambda k, y, bad=bad: y + np.float32(0.1) * (k == bad))
        assert verdict == "fail"
        assert f"in its call {bad + 1}" in why


def test_a_tuned_bundle_runs_with_its_other_batch() -> None:
    """Where the choice of `export --tune` does not hold, the process keeps the bundle's own."""
    arguments = (Path("never-read.cv"), SAMPLES, "new", None)
    trial = Trial("new", 2, fusion=True, winograd=True, median_ms=1.0, ratio=1.0, high=1.0)
    tuned = Tuned("5.1.0", "a processor", 2, 0, (trial,))
    for manifest, batch in ((MANIFEST, None), (MANIFEST.replace(tuned=tuned), "auto")):
        run = circumstances_of(arguments[0], manifest, *arguments[1:])
        assert run is not None
        assert run.options.get("batch") == batch
