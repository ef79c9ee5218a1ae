"""ONNX files of other exporters, from the file to the results: export, predict, check."""

from __future__ import annotations

import html
import sys
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import onnx
import pytest
from rich.console import Console

import keras2cv
import keras2cv_export
from keras2cv.errors import InputError, MissingDependency, ModelError, ParityError, UsageError
from keras2cv_export.checks.page import page as page_of
from keras2cv_export.parity.render import render
from support.onnx_graphs import answers_of, graph_of, node

RNG = np.random.default_rng(6)


def drawn(*shape: int) -> Any:
    """Return float32 numbers around 0."""
    return (RNG.normal(size=shape) * 0.4).astype(np.float32)


@cache
def classifier(size: int = 16) -> onnx.ModelProto:
    """Return a classifier of pictures as PyTorch writes one."""
    return graph_of(
        [
            node("Conv", "image w b", "a", kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
            node("HardSwish", "a", "h"),
            node("GlobalAveragePool", "h", "g"),
            node("Flatten", "g", "f", axis=1),
            node("Gemm", "f k c", "logits", transB=1),
            node("Softmax", "logits", "scores", axis=1),
        ],
        {"image": ["batch", 3, size, size]},
        {"scores": ["batch", 4]},
        {"w": drawn(8, 3, 3, 3), "b": drawn(8), "k": drawn(4, 8), "c": drawn(4)},
    )


@cache
def segmenter() -> onnx.ModelProto:
    """Return a net that gives a picture of sigmoids, channels first."""
    edges = drawn(6, 3, 3, 3)
    return graph_of(
        [
            node("Conv", "image w b", "a", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            node("Tanh", "a", "r"),
            node("Conv", "r v", "o", kernel_shape=[1, 1]),
            node("Sigmoid", "o", "mask"),
        ],
        {"image": ["n", 3, 12, 20]},
        {"mask": ["n", 1, 12, 20]},
        {
            "w": edges - edges.mean((1, 2, 3), keepdims=True),
            "b": drawn(6) / 9,
            "v": drawn(1, 6, 1, 1),
        },
    )


@pytest.fixture
def classifier_file(tmp_path: Path) -> Path:
    """Return the classifier's file."""
    onnx.save(classifier(), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


def test_a_picture_is_preprocessed_as_for_a_keras_model(
    classifier_file: Path, tmp_path: Path
) -> None:
    """`predict` takes pictures, `infer` what the ONNX model takes: channels first."""
    report = keras2cv_export.export(
        classifier_file, tmp_path / "net.cv", preprocess="torch", labels=list("abcd")
    )
    assert report.manifest.status == "verified"
    assert report.manifest.source.kind == "onnx"
    model = keras2cv.load(tmp_path / "net.cv")
    picture = RNG.integers(0, 255, (30, 40, 3)).astype(np.uint8)
    rgb = cv2.resize(picture, (16, 16))[..., ::-1].astype(np.float32) / 255
    x = ((rgb - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).astype(np.float32)
    x = np.ascontiguousarray(x.transpose(2, 0, 1)[None])
    (expected,) = answers_of(classifier(), {"image": x})
    np.testing.assert_allclose(model.predict(picture).scores, expected[0], atol=1e-5)
    np.testing.assert_allclose(model.infer(x)[0], expected, atol=1e-5)
    many = drawn(3, 3, 16, 16)
    (expected,) = answers_of(classifier(), {"image": many})
    np.testing.assert_allclose(model.infer(many)[0], expected, atol=1e-5)


def test_check_takes_the_onnx_file_and_answers(classifier_file: Path, tmp_path: Path) -> None:
    """Both pass; answers of another model do not."""
    keras2cv_export.export(classifier_file, tmp_path / "net.cv", preprocess="torch")
    checked = keras2cv_export.check(tmp_path / "net.cv", classifier_file)
    assert checked.verdict == "pass"
    x = drawn(6, 3, 16, 16)
    (scores,) = answers_of(classifier(), {"image": x})
    np.savez(tmp_path / "right.npz", image=x, scores=scores)
    np.savez(tmp_path / "wrong.npz", image=x, scores=scores[::-1])
    assert keras2cv_export.check(tmp_path / "net.cv", tmp_path / "right.npz").verdict == "pass"
    assert keras2cv_export.check(tmp_path / "net.cv", tmp_path / "wrong.npz").verdict == "fail"


def test_given_answers_judge_the_export(
    classifier_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX Runtime need not be installed; without it and without answers, nothing is judged."""
    x = drawn(6, 3, 16, 16)
    (scores,) = answers_of(classifier(), {"image": x})
    np.savez(tmp_path / "right.npz", image=x, scores=scores)
    np.savez(tmp_path / "wrong.npz", image=x, scores=scores * 0.9)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr("keras2cv_export.model.onnx_files.onnx_runtime.find_spec", lambda _: None)
    bundle = tmp_path / "net.cv"
    with pytest.raises(MissingDependency, match=r"Install onnxruntime, or give .* --against"):
        keras2cv_export.export(classifier_file, bundle, task="raw")
    with pytest.raises(ParityError, match=r"OpenCV's predictions are not wrong\.npz's: scores"):
        keras2cv_export.export(classifier_file, bundle, task="raw", against=tmp_path / "wrong.npz")
    assert not bundle.exists()
    report = keras2cv_export.export(
        classifier_file, bundle, task="raw", against=tmp_path / "right.npz"
    )
    assert report.manifest.status == "verified"


def test_a_mask_is_given_channels_last(tmp_path: Path) -> None:
    """The task reads it as all tasks do, whatever axes the ONNX model has."""
    onnx.save(segmenter(), tmp_path / "net.onnx")
    report = keras2cv_export.export(
        tmp_path / "net.onnx", tmp_path / "net.cv", task="segment", preprocess="0-1"
    )
    (output,) = report.manifest.outputs
    assert (output.keras_shape, output.net_shape) == ((1, 12, 20, 1), (1, 1, 12, 20))
    model = keras2cv.load(tmp_path / "net.cv")
    picture = RNG.integers(0, 255, (12, 20, 3)).astype(np.uint8)
    x = np.ascontiguousarray(picture[..., ::-1].transpose(2, 0, 1)[None], np.float32) / 255
    (mask,) = answers_of(segmenter(), {"image": x})
    assert 0.1 < (mask > 0.5).mean() < 0.9
    found = model.predict(picture).mask(1)
    np.testing.assert_array_equal(found, mask[0, 0] > 0.5)
    checked = keras2cv_export.check(tmp_path / "net.cv", tmp_path / "net.onnx")
    assert checked.verdict == "pass"


def test_open_sizes_are_given_by_input_shape(tmp_path: Path) -> None:
    """A size that stays open is asked for by the input's name; axes of one name get one size."""
    model = graph_of(
        [node("Concat", "a b", "c", axis=1), node("Conv", "c w", "y")],
        {"a": ["n", 1, "h", "w"], "b": ["n", 2, "h", "w"]},
        {"y": ["n", 2, "h", "w"]},
        {"w": drawn(2, 3, 1, 1)},
    )
    onnx.save(model, tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="--input-shape a:1,1,SIZE,SIZE"):
        keras2cv_export.export(tmp_path / "net.onnx", tmp_path / "net.cv", task="raw")
    report = keras2cv_export.export(
        tmp_path / "net.onnx", tmp_path / "net.cv", task="raw", input_shapes={"a": (1, 1, 6, 8)}
    )
    assert [t.keras_shape for t in report.manifest.inputs] == [(1, 1, 6, 8), (1, 2, 6, 8)]


def test_weights_in_another_file_are_read(tmp_path: Path) -> None:
    """The bundle has one file; PyTorch's newer exporter writes two."""
    model = onnx.ModelProto.FromString(classifier().SerializeToString())  # saving changes it
    onnx.save(
        model, tmp_path / "net.onnx", save_as_external_data=True, location="net.data",
        size_threshold=0,
    )  # fmt: skip
    assert (tmp_path / "net.data").exists()
    report = keras2cv_export.export(tmp_path / "net.onnx", tmp_path / "net.cv", task="raw")
    assert report.manifest.status == "verified"


def test_pictures_of_tensorflow_stay_channels_last(tmp_path: Path) -> None:
    """tf2onnx transposes at both ends; the net has no Transpose left."""
    model = graph_of(
        [
            node("Transpose", "image", "t", perm=[0, 3, 1, 2]),
            node("Conv", "t w", "a", kernel_shape=[1, 1]),
            node("Transpose", "a", "y", perm=[0, 2, 3, 1]),
        ],
        {"image": ["unk__1", 8, 10, 3]},
        {"y": ["unk__2", 8, 10, 5]},
        {"w": drawn(5, 3, 1, 1)},
    )
    onnx.save(model, tmp_path / "net.onnx")
    report = keras2cv_export.export(tmp_path / "net.onnx", tmp_path / "net.cv", task="raw")
    assert report.manifest.inputs[0].net_shape == (1, 3, 8, 10)
    assert report.manifest.outputs[0].batched
    written = onnx.load(tmp_path / "net.cv" / "model.onnx")
    assert "Transpose" not in {one.op_type for one in written.graph.node}


ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "an output is missing": (
        {"image": np.zeros((2, 3, 16, 16), np.float32)},
        "has no array 'scores'; it has image",
    ),
    "another shape": (
        {"image": np.zeros((2, 16, 16, 3), np.float32), "scores": np.zeros((2, 4))},
        r"has 'image' of the shape \(2, 16, 16, 3\), and the model takes image \(1, 3, 16, 16\)",
    ),
    "another number of answers": (
        {"image": np.zeros((2, 3, 16, 16), np.float32), "scores": np.zeros((3, 4))},
        r"has 2 samples, and scores has the shape \(3, 4\)",
    ),
    "no numbers": (
        {"image": np.full((2, 3, 16, 16), np.nan, np.float32), "scores": np.zeros((2, 4))},
        "Give finite values",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_that_do_not_fit_are_refused(
    classifier_file: Path, tmp_path: Path, name: str
) -> None:
    """One sentence with what is there and what is wanted."""
    arrays, words = ANSWERS[name]
    np.savez(tmp_path / "answers.npz", **arrays)
    with pytest.raises(InputError, match=words):
        keras2cv_export.export(
            classifier_file, tmp_path / "net.cv", task="raw", against=tmp_path / "answers.npz"
        )


def test_answers_are_for_onnx_files(tmp_path: Path) -> None:
    """A Keras model answers for itself."""
    np.savez(tmp_path / "answers.npz", x=np.zeros(3))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(UsageError, match="a Keras model answers for itself"):
        keras2cv_export.export(model, tmp_path / "net.cv", against=tmp_path / "answers.npz")


def test_a_file_on_which_onnx_runtime_ends_costs_a_sentence(
    classifier_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs in a child process."""
    from keras2cv.isolation import Entry
    from keras2cv_export.model.onnx_files import onnx_runtime

    monkeypatch.setattr(onnx_runtime, "_ENTRY", Entry("os:abort", ()))
    with pytest.raises(ModelError, match=r"ONNX Runtime .* on net\.onnx"):
        keras2cv_export.export(classifier_file, tmp_path / "net.cv", task="raw")


def test_a_file_that_is_no_onnx_is_refused(tmp_path: Path) -> None:
    """In one sentence, before anything starts."""
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07\x12\x07pytorch")
    with pytest.raises(ModelError, match=r"net.onnx is no ONNX file that can be used: it has no"):
        keras2cv_export.export(tmp_path / "net.onnx", tmp_path / "net.cv")


_DECODERS = "Pillow, TensorFlow or OpenCV"


@pytest.mark.parametrize("wrong", [False, True])
def test_whoever_answers_is_named(tmp_path: Path, wrong: bool) -> None:
    """In the terminal, on the page and in the record: ONNX Runtime, and neither of the others."""
    onnx.save(classifier(), tmp_path / "net.onnx")
    keras2cv_export.export(tmp_path / "net.onnx", tmp_path / "net.cv", preprocess="0-1")
    against = altered(classifier(), "k", tmp_path) if wrong else tmp_path / "net.onnx"
    report = keras2cv_export.check(tmp_path / "net.cv", against, speed=True)
    assert report.verdict == ("fail" if wrong else "pass"), report.reasons
    record = report.to_dict()
    assert record["reference"] == record["parity"]["reference"] == "ONNX Runtime"
    page = page_of(report).partition('<script id="record"')[0]
    del record["versions"], record["host"]
    shown = StringIO()
    for _, parity in report.by_engine:
        render(parity, Console(file=shown, width=120))
    assert (" in ONNX Runtime" in shown.getvalue()) is wrong
    texts = [str(record), visible(page), shown.getvalue(), report.claim, str(report.speed)]
    for text in texts:
        # Whose libraries read the pictures is another matter.
        about = text.replace("TensorFlow's accurate decoder", "").replace(_DECODERS, "")
        assert "TensorFlow" not in about
        assert "Keras" not in about
    assert "|OpenCV - ONNX Runtime| / max |ONNX Runtime|" in page
    if not wrong:
        assert "ONNX Runtime" in str(report.speed)
        assert {"predict", "ONNX Runtime"} == set(record["speed"]["median_ms"])


def altered(model: onnx.ModelProto, name: str, folder: Path) -> Path:
    """Return the file of a model with another weight of that name."""
    other = onnx.ModelProto.FromString(model.SerializeToString())
    weight = next(w for w in other.graph.initializer if w.name == name)
    weight.CopyFrom(onnx.numpy_helper.from_array(drawn(*weight.dims) * 9, name))
    onnx.save(other, folder / "other.onnx")
    return folder / "other.onnx"


@pytest.mark.parametrize(
    ("model", "weight", "node", "task"),
    [
        (classifier, "k", ("logits", "Gemm"), "classify"),
        (classifier, "w", ("a", "Conv"), "classify"),
        (segmenter, "v", ("o", "Conv"), "segment"),
    ],
)
def test_bisect_names_the_node(
    tmp_path: Path, model: Any, weight: str, node: tuple[str, str], task: str
) -> None:
    """ONNX Runtime gives what every node computes; a right bundle has no node that differs."""
    onnx.save(model(), tmp_path / "net.onnx")
    bundle = tmp_path / "net.cv"
    keras2cv_export.export(tmp_path / "net.onnx", bundle, preprocess="0-1", task=task)
    steps: list[str] = []
    wrong = altered(model(), weight, tmp_path)
    found = keras2cv_export.check(bundle, wrong, bisect=True, progress=steps.append).bisect
    assert "asking ONNX Runtime for every node" in steps
    assert found is not None
    assert found.first is not None
    assert (found.first.found.key, found.first.found.kind) == node
    assert found.fault == "conversion"
    assert "TensorFlow" not in str(found.to_dict())
    right = keras2cv_export.check(bundle, tmp_path / "net.onnx", bisect=True).bisect
    assert right is not None
    assert right.first is None
    assert {one.key for one in right.layers} >= {node[0]}


def visible(page: str) -> str:
    """Return a page without its versions."""
    return html.unescape(page.partition("<footer")[0])
