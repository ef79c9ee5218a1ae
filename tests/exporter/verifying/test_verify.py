"""The engine that a manifest may promise after each was tried, with every outcome."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras2cv.errors import NetError, UsageError
from keras2cv.trial.running import WorkerRun
from keras2cv_export.parity.tolerance import parse_tolerance
from keras2cv_export.verifying import verify as verifying
from keras2cv_export.verifying.question import Question
from keras2cv_export.verifying.verify import Verification, verify
from support.tiny_bundle import HEIGHT, WIDTH, Classifier

Array = np.ndarray[Any, Any]

FOLDER = Path("never-read.cv")
MANIFEST = Classifier().manifest()
RNG = np.random.default_rng(4)
SAMPLES = [(RNG.uniform(-1, 1, (1, HEIGHT, WIDTH, 3)).astype(np.float32),) for _ in range(4)]
ANSWERS = [Classifier()(image) for (image,) in SAMPLES]


def question() -> Question:
    """Return the question: four pictures, and their logits."""
    expected = [{"scores": answer} for answer in ANSWERS]
    return Question(SAMPLES, expected, None, parse_tolerance("fp32"), {}, frozenset())


class Engines:
    """A stand-in for OpenCV's process: each engine's error, or a crash."""

    def __init__(self, **errors: float | str) -> None:
        self.errors = errors
        self.asked: list[str | None] = []
        self.patience_s: list[float] = []

    def __call__(
        self,
        folder: Path,
        samples: Any,
        *,
        timeout_s: float,
        engine: str | None,
        scratch: Path | None = None,
    ) -> WorkerRun:
        """Answer as the engine would."""
        del scratch  # nothing is written
        assert (folder, samples) == (FOLDER, [*SAMPLES, *reversed(SAMPLES)])
        self.asked.append(engine)
        self.patience_s.append(timeout_s)
        error = self.errors[str(engine)]
        if isinstance(error, str):
            raise NetError(error)
        asked = [*ANSWERS, *reversed(ANSWERS)]
        outputs = tuple((answer + np.float32(error),) for answer in asked)
        return WorkerRun(outputs, "5.1.0", str(engine), 2, 12.5)


@pytest.fixture
def try_engines(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that verifies on played engines, of which there are two."""
    monkeypatch.setattr(verifying, "ENGINES", ("new", "classic"))

    def run(engine: str | None = None, **errors: float | str) -> Verification:
        played = Engines(**errors)
        monkeypatch.setattr(verifying, "run_worker", played)
        result = verify(FOLDER, MANIFEST, question(), engine)
        assert played.asked == ([engine] if engine in errors else list(errors))
        assert min(played.patience_s) >= 120
        return result

    return run


def test_both_engines_right_is_any_engine(try_engines: Any) -> None:
    """The evidence holds both, and no note is needed."""
    found = try_engines(new=0.0, classic=1e-6)
    assert found.parity.verdict == "pass"
    assert found.engine.name == "any"
    assert [(run.engine, run.opencv) for run in found.evidence.runs] == [
        ("new", "5.1.0"),
        ("classic", "5.1.0"),
    ]
    assert found.notes == ()
    measured = found.evidence.runs[1].outputs[0]
    assert 1e-7 < measured.measured < 1e-5 < measured.limit == 1e-4


@pytest.mark.parametrize(
    ("errors", "good", "bad"),
    [
        ({"new": 0.3, "classic": 0.0}, "classic", "new"),
        ({"new": 0.0, "classic": 0.3}, "new", "classic"),
        ({"new": "It crashed. Use the other.", "classic": 0.0}, "classic", "new"),
        ({"new": 0.0, "classic": "It crashed. Use the other."}, "new", "classic"),
    ],
)
def test_one_engine_right_is_that_engine(
    errors: dict[str, Any], good: str, bad: str, try_engines: Any
) -> None:
    """The other is not in the evidence, and a note gives the reason."""
    found = try_engines(**errors)
    assert (found.parity.verdict, found.engine.name) == ("pass", good)
    assert [run.engine for run in found.evidence.runs] == [good]
    (note,) = found.notes
    assert note.startswith(f"OpenCV's {bad} engine does not run this model right (")
    assert note.endswith(f"the bundle asks for the {good} engine.")


def test_no_engine_right_is_a_failure_with_the_numbers(try_engines: Any) -> None:
    """The first engine's report is shown; there is no evidence."""
    found = try_engines(new=0.3, classic=0.4)
    assert (found.parity.verdict, found.evidence) == ("fail", None)
    assert [report.verdict for report in found.by_engine.values()] == ["fail", "fail"]


def test_one_wrong_and_one_crashed_is_a_failure(try_engines: Any) -> None:
    """The crash is reported as well."""
    found = try_engines(new="It crashed. Use the other.", classic=0.3)
    assert found.parity.verdict == "fail"
    assert found.notes == ("It crashed. Use the other.",)


def test_all_crashed_is_an_error_with_both_sentences(try_engines: Any) -> None:
    """There is nothing to compare."""
    with pytest.raises(NetError, match=r"The new one crashed\. The classic one crashed\."):
        try_engines(new="The new one crashed.", classic="The classic one crashed.")


@pytest.mark.parametrize("asked", ["new", "classic"])
def test_an_engine_that_is_asked_for_is_the_only_one_run(asked: str, try_engines: Any) -> None:
    """And the only one that is claimed."""
    found = try_engines(asked, new=0.0, classic=0.0)
    assert (found.engine.name, list(found.by_engine)) == (asked, [asked])


def test_an_engine_that_is_not_there_is_refused(try_engines: Any) -> None:
    """With those that are."""
    with pytest.raises(UsageError, match=r"'warp' is not in this OpenCV\. It has: new, classic"):
        try_engines("warp", new=0.0, classic=0.0)


def test_an_opencv_with_one_engine_cannot_vouch_for_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exported with OpenCV 4, the bundle asks for the engine that it was tried on."""
    monkeypatch.setattr(verifying, "ENGINES", ("classic",))
    monkeypatch.setattr(verifying, "run_worker", Engines(classic=0.0))
    found = verify(FOLDER, MANIFEST, question(), None)
    assert (found.engine.name, found.notes) == ("classic", ())


def test_an_engine_that_answers_nan_is_not_right(try_engines: Any) -> None:
    """No distance to a NaN is small."""
    found = try_engines(new=float("nan"), classic=0.0)
    assert (found.engine.name, found.by_engine["new"].verdict) == ("classic", "fail")


def test_an_engine_that_answers_from_the_call_before_fails(try_engines: Any) -> None:
    """Asked there and back, a reused buffer gives one sample two answers."""
    stale = Engines(new=0.0)
    right = stale.__call__

    def late(*args: Any, **options: Any) -> WorkerRun:
        run = right(*args, **options)
        return replace(run, outputs=(run.outputs[0], *run.outputs[:-1]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifying, "run_worker", late)
        found = verify(FOLDER, MANIFEST, question(), "new")
    assert found.parity.verdict == "fail"
    assert "OpenCV does not repeat itself: scores: sample 0 is answered differently the second" in (
        " ".join(found.parity.reasons)
    )


def test_a_reference_that_does_not_repeat_itself_fails(try_engines: Any) -> None:
    """For example active dropout: no answer of OpenCV can be judged by it."""
    asked = replace(question(), unsteady=("TensorFlow does not repeat itself: scores.",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verifying, "run_worker", Engines(new=0.0))
        found = verify(FOLDER, MANIFEST, asked, "new")
    assert (found.parity.verdict, found.evidence) == ("fail", None)
    assert found.parity.reasons == asked.unsteady
