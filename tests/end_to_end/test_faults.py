"""`check` catches every fault and names its stage, and accuses no correct bundle.

OpenCV runs in this process, and each model's answers in TensorFlow are kept: the faults here
neither crash nor depend on processes, which other tests cover.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import UsageError
from keras2cv.predictor import Predictor
from keras2cv.schema.fields import format_json, parse_json
from keras2cv.trial.running import WorkerRun
from keras2cv_export import CheckReport, check, export
from keras2cv_export.checks import checking
from keras2cv_export.verifying import circumstances, question
from keras2cv_export.verifying import verify as verifying
from support.bundle_faults import FAULTS, Answers
from support.engines import ONE_ENGINE
from support.fault_models import LABELS, SUBJECTS, classifier

Array = np.ndarray[Any, Any]
ENGINE = ONE_ENGINE
SEEDS = range(20)


@dataclass
class Kept:
    """A model, its correct bundle, and TensorFlow's answers so far."""

    model: keras.Model
    folder: Path
    ask: Any = None
    answers: dict[tuple[bytes, ...], Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Kept]:
    """Return a function that gives a subject, exported once."""
    subjects: dict[str, Kept] = {}

    def get(name: str) -> Kept:
        if name not in subjects:
            folder = tmp_path_factory.mktemp("subject") / f"{name}.cv"
            model = SUBJECTS[name].model()
            export(model, folder, check=False, **SUBJECTS[name].settings)
            subjects[name] = Kept(model, folder)
        return subjects[name]

    return get


@pytest.fixture
def examine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., CheckReport]:
    """Return `check` with OpenCV in this process, whose answers may be spoilt."""

    def run(
        subject: Kept,
        folder: Path,
        spoil: Callable[[Answers], Answers] | None = None,
        **options: Any,
    ) -> CheckReport:
        def worker(folder: Path, samples: Any, *, engine: str, **_: Any) -> WorkerRun:
            model = Predictor(read_bundle(folder), engine=engine)
            found = [model.infer(*sample) for sample in samples]
            found = found if spoil is None else spoil(found)
            outputs = tuple(tuple(sample) for sample in found)
            return WorkerRun(outputs, "5.0.0", engine, 2, 1.0)

        def remembering(loaded: Any, manifest: Any) -> Callable[[Any], Any]:
            ask = subject.ask = subject.ask or ANSWERER(loaded, manifest)

            def answer(sample: Any) -> Any:
                key = tuple(a.tobytes() for a in sample)
                if key not in subject.answers:
                    subject.answers[key] = ask(sample)
                return subject.answers[key]

            return answer

        monkeypatch.setattr(verifying, "run_worker", worker)
        monkeypatch.setattr(circumstances, "run_worker", worker)
        monkeypatch.setattr(checking, "answerer", remembering)
        return check(folder, subject.model, engine=ENGINE, **options)

    return run


ANSWERER = checking.answerer


def with_labels(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the user's options, with the labels of the model's training."""
    return {key: LABELS if key == "labels" else value for key, value in options.items()}


@pytest.fixture(scope="module")
def named() -> list[tuple[str, str, tuple[str, ...]]]:
    """Collect (fault, its stage, the stages found)."""
    return []


@pytest.mark.filterwarnings("ignore::keras2cv.errors.Keras2cvWarning")
@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_caught(
    name: str, kept: Any, examine: Any, tmp_path: Path, named: list[Any]
) -> None:
    """None passes, and each is found where it is."""
    fault = FAULTS[name]
    subject = kept(fault.model)
    folder = tmp_path / "broken.cv"
    shutil.copytree(subject.folder, folder)
    fault.apply(folder)
    report = examine(subject, folder, fault.answers, **with_labels(fault.options))
    assert report.verdict in ("fail", "inconclusive")
    assert report.exit_code in (1, 4)
    assert report.reasons
    named.append((name, fault.stage, report.stages_at_fault))


BATCH_NORMALISATION: Mapping[str, Callable[[list[Array]], list[Array]]] = {
    "moving mean missing": lambda w: [w[0], w[1], np.zeros_like(w[2]), w[3]],
    "variance as deviation": lambda w: [w[0], w[1], w[2], np.sqrt(w[3])],
    "gamma missing": lambda w: [np.ones_like(w[0]), *w[1:]],
    "beta missing": lambda w: [w[0], np.zeros_like(w[1]), *w[2:]],
}


def with_other_norm(right: keras.Model, change: Any, epsilon: float = 1e-3) -> keras.Model:
    """Return the classifier with other weights in its batch normalisation."""
    wrong = classifier(epsilon)
    wrong.set_weights(right.get_weights())
    norm = wrong.get_layer("norm")
    norm.set_weights(change(norm.get_weights()))
    return wrong


@pytest.mark.filterwarnings("ignore::keras2cv.errors.Keras2cvWarning")
@pytest.mark.parametrize("name", [*BATCH_NORMALISATION, "epsilon", "another checkpoint"])
def test_a_bundle_of_a_model_almost_the_same_is_caught(
    name: str, kept: Any, examine: Any, tmp_path: Path, named: list[Any]
) -> None:
    """Batch normalisation gone wrong, or a stale file of weights."""
    subject = kept("classifier")
    change = BATCH_NORMALISATION.get(name, lambda weights: weights)
    wrong = with_other_norm(subject.model, change, 1e-5 if name == "epsilon" else 1e-3)
    if name == "another checkpoint":
        wrong.set_weights([w * np.float32(1.001) for w in wrong.get_weights()])
    export(wrong, tmp_path / "wrong.cv", check=False, **SUBJECTS["classifier"].settings)
    report = examine(subject, tmp_path / "wrong.cv")
    assert report.verdict == "fail"
    named.append((name, "net", report.stages_at_fault))


def test_a_missing_output_is_refused(kept: Any, examine: Any, tmp_path: Path) -> None:
    """The bundle lacks one of the model's outputs: both lists are shown, nothing is compared."""
    subject = kept("several")
    folder = tmp_path / "broken.cv"
    shutil.copytree(subject.folder, folder)
    path = folder / "manifest.json"
    manifest = parse_json(path.read_text(encoding="utf-8"))
    manifest["outputs"] = [o for o in manifest["outputs"] if o["name"] != "heat"]
    path.write_text(format_json(manifest), encoding="utf-8")
    with pytest.raises(UsageError, match=r"The model gives .*heat .* bundle was made for"):
        examine(Kept(subject.model, folder), folder)


def test_the_right_stage_is_named(named: list[tuple[str, str, tuple[str, ...]]]) -> None:
    """For at least nine faults in ten, the first failing stage is the broken one."""
    if len(named) < 40:
        pytest.skip("the faults were not all tried")
    missed = [(name, stage, found) for name, stage, found in named if found[:1] != (stage,)]
    print(f"{len(named) - len(missed)} of {len(named)} faults are found in their stage; {missed}")
    assert len(missed) <= 0.1 * len(named), missed


@pytest.mark.filterwarnings("ignore::keras2cv.errors.Keras2cvWarning")
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_correct_bundle_is_never_accused(
    name: str, kept: Any, examine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty draws of inputs each, under the default tolerance."""
    subject = kept(name)
    found = []
    for seed in SEEDS:
        monkeypatch.setattr(question, "SEED", 1000 + seed)
        found.append(examine(subject, subject.folder))
    assert [report.reasons for report in found if report.verdict != "pass"] == []


@pytest.mark.filterwarnings("ignore::keras2cv.errors.Keras2cvWarning")
@pytest.mark.parametrize("seed", SEEDS)
def test_other_weights_are_never_accused(seed: int, examine: Any, tmp_path: Path) -> None:
    """Twenty classifiers, each exported and compared with itself."""
    model = SUBJECTS["classifier"].model(100 + seed)
    export(model, tmp_path / "right.cv", check=False, **SUBJECTS["classifier"].settings)
    report = examine(Kept(model, tmp_path), tmp_path / "right.cv")
    assert report.verdict == "pass", report.reasons
