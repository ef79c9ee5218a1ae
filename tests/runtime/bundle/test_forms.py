"""Bundles with a second file of their net: which one runs, and what is refused."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras2cv
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import read_bundle
from keras2cv.bundle.writing import check_replaceable
from keras2cv.cli import main
from keras2cv.errors import BundleError
from keras2cv.net.engines import ENGINES
from keras2cv.predictor import Predictor
from keras2cv.selftest import run_selftest
from support.hostile_nets import STORED
from support.tiny_bundle import HEIGHT, WIDTH, Classifier
from support.two_forms import SHIFT, Shifted, form_of, with_forms, write_two

IMAGE = np.random.default_rng(3).uniform(-1, 1, (1, HEIGHT, WIDTH, 3)).astype(np.float32)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """Return a bundle with two forms."""
    return write_two(tmp_path / "two.cv")


def shift_of(model: Predictor) -> float:
    """Return how far a model's answers are from those of the portable file."""
    exact = Classifier()(IMAGE).astype(np.float64)
    return float((model.infer(IMAGE)[0] - exact).mean())


def test_the_form_runs_where_it_was_meant_to(two: Path) -> None:
    """`load` takes it, and says so by the manifest; plain OpenCV has the portable file."""
    model = keras2cv.load(two)
    assert model.manifest.model.file == "model.4.7.onnx"
    assert model.engine == ENGINES[0]
    portable = Predictor(read_bundle(two))
    assert portable.manifest.model.file == "model.onnx"
    assert shift_of(model) - shift_of(portable) == pytest.approx(SHIFT, abs=3e-7)
    assert run_selftest(model).verdict == "pass"


@pytest.mark.parametrize("change", [{"opencv": "9.9"}, {"engine": "none"}])
def test_the_portable_file_runs_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    """An OpenCV that is older than a form, or has not its engine, has the first file."""
    if "engine" in change:
        monkeypatch.setattr("keras2cv.net.local_choice.ENGINES", ())
        change = {}
    data = Shifted().onnx()
    folder = write_two(tmp_path / "two.cv", data, form_of(data, **change))
    assert keras2cv.load(folder).manifest.model.file == "model.onnx"


@pytest.mark.skipif(len(ENGINES) < 2, reason="this OpenCV has one engine")
def test_another_engine_has_the_portable_file(two: Path) -> None:
    """A form was verified on one engine."""
    assert keras2cv.load(two, engine=ENGINES[1]).manifest.model.file == "model.onnx"
    assert keras2cv.load(two, engine=ENGINES[0]).manifest.model.file == "model.4.7.onnx"


def test_a_device_has_the_portable_file(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A form was verified on the CPU; "auto" means the CPU where there is nothing else."""
    assert keras2cv.load(two, device="auto").manifest.model.file == "model.4.7.onnx"
    from keras2cv.net.device import DeviceChoice
    from keras2cv.net.forms import form_for

    manifest = read_bundle(two).manifest
    monkeypatch.setattr(
        "keras2cv.net.forms.choose_device", lambda asked: DeviceChoice(asked, {}, "cuda")
    )
    assert form_for("auto")(manifest) is None
    assert form_for("cuda")(manifest) is None
    assert form_for("cpu")(manifest) is not None


def test_the_newest_of_several_runs(tmp_path: Path) -> None:
    """Versions are compared as numbers."""
    from keras2cv.net.forms import form_for

    data = Shifted().onnx()
    forms = [form_of(data, version) for version in ("4.7", "4.10", "9.0")]
    chosen = form_for()(with_forms(*forms))
    assert chosen is not None
    assert chosen.opencv == "4.10"


def test_a_pickled_model_is_loaded_on_another_opencv(
    two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle is the same one, whichever of its files runs there."""
    pickled = pickle.dumps(keras2cv.load(two))
    monkeypatch.setattr("keras2cv.net.local_choice.ENGINES", ())
    assert pickle.loads(pickled).manifest.model.file == "model.onnx"  # noqa: S301 - our own


@pytest.mark.parametrize("name", ["model.onnx", "model.4.7.onnx"])
def test_each_file_has_its_hash(two: Path, name: str) -> None:
    """A changed one is refused by whoever reads the whole bundle, and by whoever would run it."""
    data = bytearray((two / name).read_bytes())
    data[len(data) // 2] ^= 1
    (two / name).write_bytes(data)
    with pytest.raises(BundleError, match=f"{name} is not the file that was verified"):
        read_bundle(two)
    if name != "model.onnx":
        with pytest.raises(BundleError, match=f"{name} is not the file that was verified"):
            keras2cv.load(two)


def test_a_missing_form_is_named(two: Path) -> None:
    """Bundles are whole."""
    (two / "model.4.7.onnx").unlink()
    with pytest.raises(BundleError, match=r"model\.4\.7\.onnx is missing"):
        read_bundle(two)


@pytest.mark.parametrize("name", sorted(STORED)[:6])
def test_a_hostile_form_never_reaches_opencv(tmp_path: Path, name: str) -> None:
    """It is looked through like the first file, with a hash that is right."""
    folder = write_two(tmp_path / "two.cv")
    data = STORED[name][0]
    (folder / "model.4.7.onnx").write_bytes(data)
    (folder / "manifest.json").write_text(with_forms(form_of(data)).to_json(), encoding="utf-8")
    with pytest.raises(BundleError) as caught:
        keras2cv.load(folder)
    assert "model.4.7.onnx" in str(caught.value)
    with pytest.raises(BundleError):
        read_bundle(folder)


def test_a_bundle_without_forms_has_no_key() -> None:
    """Old bundles stay readable, and new ones with one file are written as before."""
    text = Classifier().manifest().to_json()
    assert "forms" not in json.loads(text)
    assert Manifest.from_json(text).forms is None


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"file": "../model.onnx"}, r"forms\[0\]\.file: must be model\.<opencv>\.onnx"),
    ({"file": "model.5.0.onnx"}, r"forms\[0\]\.file"),
    ({"opencv": "4"}, r"forms\[0\]\.file"),
    ({"sha256": "x"}, r"forms\[0\]\.sha256"),
    ({"bytes": "-1"}, r"forms\[0\]\.bytes"),
    ({"engine": "any"}, r"forms\[0\]\.engine"),
    ({"runs": []}, r"forms\[0\]\.runs"),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_a_wrong_record_is_named(change: dict[str, Any], message: str) -> None:
    """Each with its path."""
    record = json.loads(with_forms(form_of(b"x")).to_json())
    record["forms"][0] |= change
    with pytest.raises(BundleError, match=message):
        Manifest.from_json(json.dumps(record))


def test_forms_and_status_belong_together() -> None:
    """A form of a verified bundle has its evidence; forms keep float32, and are ONNX."""
    form = form_of(b"x")
    with pytest.raises(BundleError, match=r"forms\[0\]\.runs: belong to status verified"):
        with_forms(replace(form, runs=None))
    with pytest.raises(BundleError, match="forms: every opencv must differ"):
        with_forms(form, form)
    frozen = replace(Classifier().manifest().model, file="model.pb", format="frozen")
    with pytest.raises(BundleError, match="belong to an ONNX file of float32"):
        Classifier().manifest().replace(model=frozen, forms=(form,))


def test_info_and_selftest_know_it(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`info` names both files, and `selftest` runs the one that `load` takes."""
    assert main(["info", str(two)]) == 0
    out = capsys.readouterr().out
    assert "model.4.7.onnx, " in out
    assert "the same net for OpenCV 4.7 and newer" in out
    assert main(["selftest", str(two), "--in-process"]) == 0


def test_a_bundle_with_forms_is_replaced_whole(two: Path) -> None:
    """Its second file is no foreign one; other names still are."""
    check_replaceable(two)
    Classifier().write(two)
    assert sorted(p.name for p in two.iterdir()) == ["manifest.json", "model.onnx", "selftest.npz"]
    (two / "model.5.x.onnx").touch()
    with pytest.raises(keras2cv.UsageError, match="not the bundle's"):
        check_replaceable(two)
