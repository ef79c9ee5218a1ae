"""A second form of a net in an export: when it is made, and that it is proven."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

import keras2cv
from keras2cv.bundle.reading import read_bundle
from keras2cv.bundle.writing import write_manifest
from keras2cv.errors import NetError, ParityError, UsageError
from keras2cv.net.engines import ENGINES
from keras2cv.predictor import Predictor
from keras2cv_export import check, export
from keras2cv_export.forms import making
from keras2cv_export.options import ExportOptions
from keras2cv_export.options.form_names import form_names

layers = keras.layers
needs_new = pytest.mark.skipif("new" not in ENGINES, reason="forms for 5.0 run on its new engine")


def attention(width: int = 24, tokens: int = 30) -> keras.Model:
    """Return a model whose time is nearly all layer normalisation."""
    keras.utils.set_random_seed(4)
    x = keras.Input((tokens, width), name="x")
    y = x
    for _ in range(4):
        y = layers.LayerNormalization()(y)
        y = layers.Activation("relu")(y) + x
    return keras.Model(x, layers.Dense(3, name="y")(layers.Flatten()(y)))


def dense() -> keras.Model:
    """Return a model that no other form makes faster."""
    keras.utils.set_random_seed(4)
    x = keras.Input((8,), name="x")
    return keras.Model(x, layers.Dense(3, name="y")(layers.Dense(8, activation="relu")(x)))


@needs_new
def test_a_second_form_is_made_where_it_gains(tmp_path: Path) -> None:
    """Without any option: both are proven, a note says so, and `load` takes the second."""
    model, folder = attention(), tmp_path / "a.cv"
    report = export(model, folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "model.5.0.onnx", "model.onnx", "selftest.npz"
    ]  # fmt: skip
    (form,) = report.manifest.forms or ()
    assert form.runs is not None
    assert [run.engine for run in form.runs] == ["new"]
    assert report.manifest.model.opencv == "4.6"
    assert any("model.5.0.onnx" in note and "--forms portable" in note for note in report.notes)
    x = np.random.default_rng(1).normal(size=(1, 30, 24)).astype(np.float32)
    expected = model.predict(x, verbose=0)
    for loaded in (keras2cv.load(folder), Predictor(read_bundle(folder))):
        np.testing.assert_allclose(loaded.infer(x)[0], expected, rtol=1e-4, atol=1e-5)
    assert keras2cv.load(folder).manifest.model.file == "model.5.0.onnx"


@needs_new
def test_no_second_form_where_it_gains_nothing(tmp_path: Path) -> None:
    """The same file twice would only be larger; who asks for it gets it."""
    assert export(dense(), tmp_path / "a.cv").manifest.forms is None
    both = export(dense(), tmp_path / "b.cv", forms="portable,5.0")
    assert [form.file for form in both.manifest.forms or ()] == ["model.5.0.onnx"]
    assert keras2cv.load(tmp_path / "b.cv").manifest.model.file == "model.5.0.onnx"


def test_one_file_where_somebody_said_so(tmp_path: Path) -> None:
    """`forms` says it, and so does whoever names the one OpenCV or the engine that it is for."""
    assert ExportOptions("m.keras", "m.cv").may_have_forms
    said: list[dict[str, Any]] = [
        {"forms": "portable"}, {"opencv": "4.6"}, {"opencv": "5.0"}, {"engine": "new"},
        {"check": False}, {"tune": True}, {"weights": "int8"}, {"format": "frozen"},
    ]  # fmt: skip
    for options in said:
        assert not ExportOptions("m.keras", "m.cv", **options).may_have_forms, options
    assert export(attention(), tmp_path / "a.cv", opencv="5.0").manifest.forms is None


@needs_new
def test_a_large_file_gets_a_note_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how to have both, what that gains, and the size."""
    monkeypatch.setattr(making, "LARGEST", 100)
    report = export(attention(), tmp_path / "a.cv")
    assert report.manifest.forms is None
    assert any("--forms portable,5.0 adds it, another 0 MB" in note for note in report.notes)


@needs_new
def test_a_form_that_is_wrong_is_left_out_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default the bundle has its first file alone, and says why; asked for, nothing is left."""
    original = making.for_target

    def broken(converted: Any, target: Any) -> Any:
        other = original(converted, target)
        for value in other.model.graph.initializers.values():
            array = value.const_value.numpy()
            if array.shape == (3,) or array.size == 3:
                value.const_value = making_tensor(array + np.float32(0.5), value.name)
        return other

    monkeypatch.setattr(making, "for_target", broken)
    report = export(attention(), tmp_path / "a.cv")
    assert report.manifest.forms is None
    assert any("No second form for OpenCV 5.0" in note for note in report.notes)
    with pytest.raises(ParityError):
        export(attention(), tmp_path / "b.cv", forms="portable,5.0")
    assert not (tmp_path / "b.cv").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.cv"]


def making_tensor(array: Any, name: str) -> Any:
    """Return a weight of a graph."""
    import onnx_ir as ir

    return ir.tensor(array, name=name)


@needs_new
def test_check_looks_at_the_form_that_runs(tmp_path: Path) -> None:
    """On its engine it is the form that is compared, by the form's own evidence."""
    model, folder = attention(), tmp_path / "a.cv"
    manifest = export(model, folder).manifest
    assert check(folder, model).verdict == "pass"
    (form,) = manifest.forms or ()
    net = onnx.load(folder / form.file)
    bias = next(t for t in net.graph.initializer if list(t.dims)[-1:] == [3] and len(t.dims) < 3)
    array = numpy_helper.to_array(bias)
    bias.CopyFrom(numpy_helper.from_array(array + np.float32(0.2), bias.name))
    data = net.SerializeToString()
    (folder / form.file).write_bytes(data)
    changed = replace(form, sha256=hashlib.sha256(data).hexdigest(), size_bytes=str(len(data)))
    write_manifest(folder, manifest.replace(forms=(changed,)))
    found = dict(check(folder, model).by_engine)
    assert found["new"].verdict == "fail"
    assert all(report.verdict == "pass" for name, report in found.items() if name != "new")


def test_a_form_for_a_newer_opencv_is_not_made_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody could verify it."""
    monkeypatch.setattr(making, "ENGINES", ("classic",))
    with pytest.raises(NetError, match=r"A form for OpenCV 5\.0 has to run on it"):
        export(dense(), tmp_path / "a.cv", forms="portable,5.0")
    assert export(attention(), tmp_path / "b.cv").manifest.forms is None


def test_the_names_of_forms() -> None:
    """Text and sequences, with versions of any length."""
    assert form_names("portable,5.0") == ("portable", "5.0")
    assert form_names(["portable", "5.0.0.93"]) == ("portable", "5.0")
    assert form_names("portable") == ("portable",)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"forms": "5.0"}, "Write portable, or portable,5.0"),
    ({"forms": ""}, "Write portable, or portable,5.0"),
    ({"forms": "portable,portable"}, "each once"),
    ({"forms": "portable,new"}, "'new' is no OpenCV version"),
    ({"forms": 5.0}, "option forms must be of type str or Sequence"),
    ({"forms": "portable,5.0", "check": False}, "stands beside --no-check"),
    ({"forms": "portable,5.0", "format": "frozen"}, "stands beside --format frozen"),
    ({"forms": "portable,5.0", "weights": "fp16"}, "stands beside --weights fp16"),
    ({"forms": "portable,5.0", "tune": True}, "stands beside --tune"),
    ({"forms": "portable,5.0", "engine": "new"}, "stands beside --engine new"),
    ({"forms": "portable,5.0", "opencv": "5.0"}, r"no newer than the portable one, for 5\.0"),
]


@pytest.mark.parametrize(("options", "sentence"), BAD)
def test_contradictions_are_one_sentence(options: dict[str, Any], sentence: str) -> None:
    """Before any model is opened."""
    with pytest.raises(UsageError, match=sentence):
        ExportOptions("m.keras", "m.cv", **options)
