"""Bundles broken at a known layer: the bisection names it and whose fault it is, and shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest

from conformance import randomize
from keras2cv.bundle.reading import read_bundle
from keras2cv.cli import main
from keras2cv.errors import UsageError
from keras2cv.net.engines import ENGINES
from keras2cv_export import check, export
from keras2cv_export.bisecting import Bisection, asking, bisect
from keras2cv_export.bisecting.searching import Search
from keras2cv_export.graph.origin import METADATA_KEY
from keras2cv_export.model.load import LoadedModel, load_model
from keras2cv_export.verifying.question import Question, ask
from keras2cv_export.verifying.verify import verify
from support.broken_layers import MODELS, Fault, add_misread_nothing, faults, names_of, write_broken
from support.engines import ONE_ENGINE

NEEDED_SHARE = 0.98
SAMPLED_EVERY = 25  # of several hundred faults, in every run; `-m slow` tries more
SLOWLY_EVERY = 2


@dataclass(frozen=True)
class Subject:
    """A model, its bundle, and TensorFlow's answers to four samples."""

    model: keras.Model
    folder: Path
    loaded: LoadedModel
    question: Question

    def bisected(self, folder: Path, engine: str = ONE_ENGINE) -> Bisection | None:
        """Return the bisection of a bundle; None if it passes, and so is not broken."""
        bundle = read_bundle(folder)
        found = verify(folder, bundle.manifest, self.question, engine)
        if found.parity.verdict != "fail":
            return None
        return bisect(bundle, self.loaded, self.question, found.by_engine)


def subject(name: str, folder: Path) -> Subject:
    """Export a model, and ask TensorFlow."""
    keras.utils.set_random_seed(3)
    model = randomize(MODELS[name](), 3)
    loaded = load_model(model)
    with_pictures = len(loaded.inputs) == 1 and len(loaded.inputs[0].shape) == 4
    bundle, samples = folder / f"{name}.cv", folder / f"{name}.npz"
    export(model, bundle, task="raw", preprocess="0-1" if with_pictures else None, check=False)
    rng = np.random.default_rng(8)
    shapes = {s.name: (4, *[int(d or 0) for d in s.shape[1:]]) for s in loaded.inputs}
    arrays = {k: rng.normal(size=v).astype(np.float32) for k, v in shapes.items()}
    np.savez(samples, **arrays)  # type: ignore[arg-type]
    question = ask(
        loaded,
        read_bundle(bundle).manifest,
        samples=samples,
        tolerance="fp32",
        scores={},
        constant=frozenset(),
    )
    return Subject(model, bundle, loaded, question)


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Subject]:
    """Return every model, exported."""
    return {name: subject(name, tmp_path_factory.mktemp("subjects")) for name in MODELS}


def known_faults(found: Subject) -> list[Fault]:
    """List every fault that one bundle can have."""
    return list(faults(onnx.load(str(found.folder / "model.onnx")), names_of(found.model)))


def is_named(fault: Fault, found: Bisection) -> bool:
    """Whether the layer is named: it, or a cell of it, or one that it is fused with and listed."""
    if found.first is None:
        return False
    named = found.first.found.layer
    cell_of = fault.layer.startswith(f"{named}/") and fault.layer.endswith("lstm_cell")
    suspects = {key.split("#")[0].split(":")[0] for key in found.first.suspects}
    return named == fault.layer or cell_of or fault.layer in suspects


def share_named(subjects: dict[str, Subject], folder: Path, every: int) -> tuple[int, list[str]]:
    """Try each fault; return how many broke the bundle, and those that were not named."""
    tried, missed = 0, []
    for name, found in subjects.items():
        for k, fault in enumerate(known_faults(found)[::every]):
            broken = write_broken(found.folder, folder / f"{name}_{k}", fault.apply)
            result = found.bisected(broken)
            if result is None:  # a change without effect is no fault
                continue
            tried += 1
            if not is_named(fault, result):
                named = result.first.found.key if result.first else None
                missed.append(f"{name}: {fault.change} in {fault.node}: {named} was named")
    return tried, missed


@pytest.fixture
def only_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop when the layer is known, which takes a quarter of the time."""
    monkeypatch.setattr(Search, "_examined", lambda _, found, *__: found)


@pytest.mark.usefixtures("only_named")
def test_the_broken_layer_is_named(subjects: dict[str, Subject], tmp_path: Path) -> None:
    """In 98 of 100 cases at least, of a sample of all models and faults."""
    tried, missed = share_named(subjects, tmp_path, SAMPLED_EVERY)
    assert tried > 12
    assert len(missed) <= (1 - NEEDED_SHARE) * tried, missed


@pytest.mark.slow
@pytest.mark.usefixtures("only_named")
def test_the_broken_layer_is_named_whatever_the_fault(
    subjects: dict[str, Subject], tmp_path: Path
) -> None:
    """The same for many more faults."""
    tried, missed = share_named(subjects, tmp_path, SLOWLY_EVERY)
    print(f"{tried - len(missed)} of {tried} named", *missed, sep="\n")
    assert tried > 100
    assert len(missed) <= (1 - NEEDED_SHARE) * tried, missed


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_diverges_in_a_right_bundle(
    subjects: dict[str, Subject], name: str, engine: str
) -> None:
    """Nearly every layer could be examined."""
    found = subjects[name]
    bundle = read_bundle(found.folder)
    if engine not in asking_engines():
        pytest.skip("this OpenCV has one engine")
    result = verify(bundle.folder, bundle.manifest, found.question, engine)
    looked = bisect(bundle, found.loaded, found.question, result.by_engine)
    assert looked.first is None
    assert looked.reruns == ()
    assert len(looked.layers) >= 0.7 * (len(looked.layers) + len(looked.unread))
    assert max(error.error for error in looked.layers) < looked.limit


def asking_engines() -> tuple[str, ...]:
    """Return the engines of the OpenCV at hand."""
    from keras2cv.net.engines import ENGINES

    return ENGINES


def pick(found: Subject, layer: str, change: str) -> Fault:
    """Return one fault."""
    return next(f for f in known_faults(found) if (f.layer, f.change) == (layer, change))


def test_a_conversion_at_fault_is_told_from_opencv(
    subjects: dict[str, Subject], tmp_path: Path
) -> None:
    """The graph has a neighbour's bias, which onnxruntime and OpenCV both compute."""
    pytest.importorskip("onnxruntime")
    found = subjects["two_heads"]
    fault = pick(found, "logits", "bias of the neighbour")
    result = found.bisected(write_broken(found.folder, tmp_path / "b.cv", fault.apply))
    assert result is not None
    assert result.first is not None
    assert (result.first.found.key, result.first.good, result.first.ops) == (
        "logits",
        ("gate",),
        ("Gemm",),
    )
    assert result.fault == "conversion"
    assert all(rerun.diverges for rerun in result.reruns)
    # The new engine loses the net when these are switched.
    options = {"fusion off", "winograd off"} if ONE_ENGINE == "classic" else set()
    assert {"as it is", *options} <= {r.setting for r in result.reruns}


def test_a_fused_layer_is_listed_beside_the_one_that_can_be_read(
    subjects: dict[str, Subject], tmp_path: Path
) -> None:
    """A convolution that a normalisation was folded into."""
    found = subjects["classifier"]
    fault = pick(found, "stem_bn", "one sign of weight 1 flipped")
    result = found.bisected(write_broken(found.folder, tmp_path / "b.cv", fault.apply))
    assert result is not None
    assert result.first is not None
    assert (result.first.found.key, result.first.suspects) == ("stem_bn", ("stem",))
    assert result.first.where.startswith("in channel ")
    assert "stem" in result.unread


def misread(found: Subject, folder: Path) -> Path:
    """Return a right graph that the classic engine computes wrongly after `pool_1`."""
    model = onnx.load(str(found.folder / "model.onnx"))
    pool = next(node for node in model.graph.node if node.op_type == "MaxPool")
    return write_broken(found.folder, folder, add_misread_nothing(pool.output[0]))


@pytest.mark.classic
def test_opencv_at_fault_is_reproduced_without_anything_else(
    subjects: dict[str, Subject], tmp_path: Path
) -> None:
    """A mean over three axes, which the classic engine of 5.0 gets wrong and the new one does not.

    The reproduction is that one node, and runs with OpenCV and NumPy alone.
    """
    pytest.importorskip("onnxruntime")
    found = subjects["unet"]
    folder = misread(found, tmp_path / "misread.cv")
    bundle = read_bundle(folder)
    result = verify(folder, bundle.manifest, found.question, "classic")
    if result.parity.verdict == "pass":
        pytest.skip("this OpenCV computes means over three axes right")
    repro = tmp_path / "repro"
    looked = bisect(bundle, found.loaded, found.question, result.by_engine, repro=repro)
    assert looked.first is not None
    assert looked.first.found.key == "down_2"
    assert looked.first.good == ("pool_1",)
    assert looked.fault == "opencv"
    assert looked.repro is not None
    assert (looked.repro.ops, looked.repro.reproduces) == (("ReduceMean",), True)
    alone = subprocess.run(
        [sys.executable, "-I", str(repro / "repro.py")],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert alone.returncode == 1
    assert alone.stdout.startswith("OpenCV ")
    assert "an issue for OpenCV" in (repro / "README.md").read_text(encoding="utf-8")
    if "new" in asking_engines():
        assert not next(r for r in looked.reruns if r.setting == "new engine").diverges


def test_without_onnxruntime_it_admits_what_is_not_known(
    subjects: dict[str, Subject], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report says how to find out; the layer is found all the same."""
    monkeypatch.setattr(asking, "has_onnxruntime", lambda: False)
    found = subjects["two_heads"]
    fault = pick(found, "side", "bias dropped")
    result = found.bisected(write_broken(found.folder, tmp_path / "b.cv", fault.apply))
    assert result is not None
    assert result.first is not None
    assert result.first.found.key == "side"
    assert result.fault == "unknown"
    assert "pip install onnxruntime" in result.reason


def test_the_report_shows_what_was_found(
    subjects: dict[str, Subject], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the command line, in the JSON, and with the reproduction where it was asked for."""
    found = subjects["nested"]
    fault = pick(found, "tower/deep", "kernel mirrored")
    broken = write_broken(found.folder, tmp_path / "b.cv", fault.apply)
    found.model.save(tmp_path / "nested.keras")
    command = [
        *("check", str(broken), "--against", str(tmp_path / "nested.keras"), "--no-speed"),
        *("--bisect", "--repro", str(tmp_path / "repro"), "--json", str(tmp_path / "b.json")),
    ]
    assert main(command) == 1
    shown = capsys.readouterr().out
    assert "bisect: the first layer that diverges is tower/deep, call 2 (Conv2D)" in shown
    assert "right before it: tower/pool, call 2\n" in shown
    record = json.loads((tmp_path / "b.json").read_text(encoding="utf-8"))["bisect"]
    assert record["first"]["found"]["key"] == "tower/deep#2"
    assert record["repro"]["reproduces"] is True
    assert {"repro.onnx", "repro.npz", "repro.py", "README.md"} == {
        path.name for path in (tmp_path / "repro").iterdir()
    }


def test_a_right_bundle_is_reported_right(
    subjects: dict[str, Subject], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the number of layers examined, and no reproduction."""
    found = subjects["sequence"]
    found.model.save(tmp_path / "sequence.keras")
    report = check(found.folder, found.model, bisect=True, repro=tmp_path / "repro")
    assert report.bisect is not None
    assert report.bisect.to_dict()["diverges"] is False
    assert not (tmp_path / "repro").exists()


def forget(model: onnx.ModelProto) -> None:
    """Remove the exporter's notes from a file."""
    kept = [entry for entry in model.metadata_props if entry.key != METADATA_KEY]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)


def in_use(folder: Path) -> Path:
    """Return a folder with something in it."""
    folder.mkdir()
    (folder / "thesis.tex").touch()
    return folder


@pytest.mark.parametrize(
    ("change", "repro", "words"),
    [
        (forget, lambda folder: folder / "new", "does not record which of its values is which"),
        (lambda _: None, in_use, "is there already"),
    ],
    ids=["no notes in the file", "folder in use"],
)
def test_what_cannot_be_bisected_is_refused(
    subjects: dict[str, Subject],
    tmp_path: Path,
    change: Callable[[Any], None],
    repro: Callable[[Path], Path],
    words: str,
) -> None:
    """With advice."""
    found = subjects["two_heads"]
    folder = write_broken(found.folder, tmp_path / "b.cv", change)
    with pytest.raises(UsageError, match=words):
        check(folder, found.model, bisect=True, repro=repro(tmp_path / "in_use"))


def test_a_savedmodel_has_no_layers_to_name(subjects: dict[str, Subject], tmp_path: Path) -> None:
    """The Keras model has."""
    found = subjects["two_heads"]
    found.model.export(tmp_path / "saved", verbose=False)
    with pytest.raises(UsageError, match="lost its layers"):
        check(found.folder, tmp_path / "saved", bisect=True)


def test_a_reproduction_is_of_what_the_bisection_finds(capsys: pytest.CaptureFixture[str]) -> None:
    """`--repro` alone is a mistake, reported before anything is loaded."""
    assert main(["check", "b.cv", "--against", "m.keras", "--repro", "there"]) == 2
    assert "Add --bisect." in capsys.readouterr().err
