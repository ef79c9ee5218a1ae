"""Files that are no Keras models: one sentence says what each is, and what to do."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from keras2cv.errors import ModelError
from keras2cv_export.model.other_files import is_onnx, refuse_other_kinds


def archive_of(*names: str) -> Callable[[Path], None]:
    """Return a writer of a zip file with these members."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "{}")

    return write


def bytes_of(content: bytes) -> Callable[[Path], None]:
    """Return a writer of a file with this content."""
    return lambda path: path.write_bytes(content) and None


def folder_of(*names: str) -> Callable[[Path], None]:
    """Return a writer of a folder with these files."""

    def write(path: Path) -> None:
        path.mkdir()
        for name in names:
            (path / name).write_text("{}", encoding="utf-8")

    return write


def array(path: Path) -> None:
    """Write a NumPy array."""
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


KINDS = {
    "m.tflite": (bytes_of(b"\x1c\0\0\0TFL3\x14\0\x20\0"), "a TensorFlow Lite model"),
    "renamed.h5": (bytes_of(b"\x1c\0\0\0TFL3\x14\0\x20\0"), "a TensorFlow Lite model"),
    "m.pb": (bytes_of(b"\x0a\x20\x0a\x01x\x12\x0bPlaceholder"), "a frozen TensorFlow graph"),
    "m.json": (bytes_of(json.dumps({"class_name": "Functional"}).encode()), "JSON"),
    "m.yaml": (bytes_of(b"class_name: Sequential\nconfig: {}\n"), "an architecture in YAML"),
    "m.pkl": (bytes_of(pickle.dumps({"w": 1})), "a Python pickle"),
    "m.joblib": (bytes_of(pickle.dumps({"w": 1}, protocol=4)), "a Python pickle"),
    "m.pt": (archive_of("archive/data.pkl", "archive/version"), "a PyTorch file"),
    "m.pth": (archive_of("m/data.pkl"), "a PyTorch file"),
    "m.safetensors": (
        bytes_of((40).to_bytes(8, "little") + b'{"w":{"dtype":"F32"}}'),
        "a safetensors file",
    ),
    "m.npz": (archive_of("w.npy"), "an archive of NumPy arrays"),
    "m.npy": (array, "a NumPy array"),
    "m.zip": (archive_of("cat/saved_model.pb"), "a packed SavedModel"),
    "m2.zip": (archive_of("cat.h5"), "an archive with a model in it"),
    "m.tar.gz": (bytes_of(b"\x1f\x8b\x08\0"), "a packed archive"),
    "ckpt.index": (bytes_of(b"\0\0\x01abc"), "part of a TensorFlow checkpoint"),
    "ckpt.data-00000-of-00001": (bytes_of(b"\0\0\x01abc"), "part of a TensorFlow checkpoint"),
    "checkpoint": (bytes_of(b'model_checkpoint_path: "ckpt"'), "part of a TensorFlow checkpoint"),
    "m.weights": (bytes_of(b"\0\0\0\0\x02\0\0\0"), "weights of Darknet"),
    "page.keras": (bytes_of(b"<!DOCTYPE html><html>"), "a web page"),
    "lfs.h5": (bytes_of(b"version https://git-lfs.github.com/spec/v1\n"), "a pointer of Git LFS"),
    "cat.jpg": (bytes_of(b"\xff\xd8\xff\xe0"), "a picture"),
    "empty.keras": (bytes_of(b""), "an empty file"),
    "notes.txt": (bytes_of(b"hello"), "a text file"),
    "train.py": (bytes_of(b"import keras"), "Python code"),
    "web": (folder_of("model.json", "group1-shard1of1.bin"), "a model for TensorFlow.js"),
    "checkpoints": (folder_of("checkpoint", "ckpt.index"), "a folder with a TensorFlow checkpoint"),
    "unpacked": (folder_of("config.json", "model.weights.h5"), "an unpacked .keras file"),
    "cat.cv": (folder_of("manifest.json", "model.onnx"), "a bundle already"),
    "models": (folder_of("a.keras", "b.h5"), "a folder, no SavedModel. It holds a.keras, b.h5"),
    "none": (folder_of(), "a folder without a saved_model.pb"),
}


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_named_in_one_sentence_with_what_to_do(tmp_path: Path, name: str) -> None:
    """The error names the file, its kind, and a way out; it has no line break."""
    write, kind = KINDS[name]
    write(tmp_path / name)
    with pytest.raises(ModelError) as caught:
        refuse_other_kinds(tmp_path / name)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path / name} is not a Keras model: it is {kind}")
    assert said.endswith(".")
    assert said.count(". ") >= 1
    assert "\n" not in said


@pytest.mark.parametrize("name", ["m.onnx", "renamed", "M.ONNX"])
def test_onnx_files_are_models(tmp_path: Path, name: str) -> None:
    """They are told by their name or by their first bytes, and left to their own reader."""
    (tmp_path / name).write_bytes(b"\x08\x07\x12\x07pytorch")
    refuse_other_kinds(tmp_path / name)
    assert is_onnx(tmp_path / name)


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.pb"])
def test_names_of_other_formats_are_believed(tmp_path: Path, name: str) -> None:
    """A protobuf of TensorFlow may begin with the same bytes."""
    (tmp_path / name).write_bytes(b"\x08\x07\x12\x07pytorch")
    assert not is_onnx(tmp_path / name)


def test_models_pass(tmp_path: Path) -> None:
    """HDF5, archives with an architecture, and SavedModel folders are left to their readers."""
    (tmp_path / "m.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))
    archive_of("config.json", "metadata.json", "model.weights.h5")(tmp_path / "m.keras")
    folder_of("saved_model.pb")(tmp_path / "saved")
    for name in ("m.h5", "m.keras", "saved"):
        refuse_other_kinds(tmp_path / name)
