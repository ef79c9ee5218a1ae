"""Bundles from strangers: no file outside is read, and no absurd size is believed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from keras2cv.bundle import private_copy
from keras2cv.bundle.npz import read_npy
from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import BundleError, InputError
from keras2cv.loading import load
from keras2cv.numpy_tail.finish import finish
from keras2cv.numpy_tail.step import Step
from keras2cv.predictor import Predictor
from keras2cv.schema.fields import parse_json
from support.tiny_bundle import HEIGHT, WIDTH, Classifier


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle that is whole."""
    return Classifier().write(tmp_path / "cat.cv")


def change(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    edit(manifest)
    path.write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")


def replace_model(folder: Path, data: bytes) -> None:
    """Put another net in, under a manifest that agrees with it."""
    (folder / "model.onnx").write_bytes(data)
    fields = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": str(len(data))}
    change(folder, lambda manifest: manifest["model"].update(fields))


def test_a_net_whose_weights_are_another_file_is_refused(folder: Path) -> None:
    """OpenCV 5 would open it, wherever it is."""
    model = onnx.load(folder / "model.onnx")
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")
    tensor.ClearField("raw_data")
    replace_model(folder, model.SerializeToString())
    with pytest.raises(BundleError, match="'kernel' that keeps its data in another file, which no"):
        load(folder)


def test_a_net_that_goes_in_circles_is_refused(folder: Path) -> None:
    """Before OpenCV looks for an order to run it in."""
    model = onnx.load(folder / "model.onnx")
    model.graph.node[0].input[0] = "relu"
    replace_model(folder, model.SerializeToString())
    with pytest.raises(BundleError, match="it goes in circles"):
        load(folder)


def test_a_net_of_absurd_size_is_not_even_hashed(folder: Path) -> None:
    """A terabyte of a sparse file takes no room and an hour to read."""
    with (folder / "model.onnx").open("r+b") as file:
        file.truncate(10**12)
    change(folder, lambda manifest: manifest["model"].update(bytes=str(10**12)))
    with pytest.raises(BundleError, match="has 1000000000000 bytes, and OpenCV reads 2147483647"):
        read_bundle(folder)


@pytest.mark.parametrize("name", ["model.onnx", "manifest.json", "selftest.npz"])
@pytest.mark.parametrize("kind", ["link", "pipe", "device", "folder"])
def test_only_files_of_its_own_are_read(folder: Path, name: str, kind: str) -> None:
    """No link out of the folder, no pipe that never ends, no device."""
    if kind == "pipe" and not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    path = folder / name
    outside = folder.parent / name
    path.rename(outside)
    if kind == "link":
        path.symlink_to(outside)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(BundleError, match=r"is missing|outside the bundle"):
        read_bundle(folder)


def test_a_link_is_refused_in_an_unverified_bundle_too(folder: Path) -> None:
    """It may lack a self-test, and may not have somebody else's file for one."""
    change(
        folder, lambda manifest: (manifest.update(status="unverified"), manifest.pop("evidence"))
    )
    read_bundle(folder)
    (folder / "selftest.npz").unlink()
    read_bundle(folder)
    (folder / "selftest.npz").symlink_to("/etc/passwd")
    with pytest.raises(BundleError, match="outside the bundle"):
        read_bundle(folder)


@pytest.mark.parametrize("in_memory", [False, True])
@pytest.mark.parametrize("change", ["replaced", "overwritten", "cut", "removed"])
def test_the_bytes_that_were_looked_at_are_those_that_are_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, change: str, in_memory: bool
) -> None:
    """Whatever becomes of the file between the check and the load."""
    if in_memory:  # as on a system that has no files without a name
        monkeypatch.setattr(private_copy, "_nameless", lambda: None)
    path, image = folder / "model.onnx", np.ones((1, HEIGHT, WIDTH, 3), np.float32)
    bundle = read_bundle(folder)
    assert bundle.copy is not None
    assert (bundle.copy.path is None) == in_memory
    (expected,) = load(folder).infer(image)
    other = path.read_bytes()[:-1] + b"\0"
    if change == "replaced":
        (folder / "other").write_bytes(other)
        (folder / "other").rename(path)
    elif change == "overwritten":
        before = path.stat()
        path.write_bytes(other)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif change == "cut":
        os.truncate(path, 0)
    else:
        path.unlink()
    (found,) = Predictor(bundle).infer(image)
    assert np.array_equal(found, expected)


def test_a_file_that_is_cut_while_it_is_read_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mapped file would end the process."""
    read = private_copy._read

    def cutting(file: Any, into: memoryview) -> int:
        count = read(file, into)
        os.truncate(folder / "model.onnx", 8)
        return count

    monkeypatch.setattr(private_copy, "_PIECE", 64)
    monkeypatch.setattr(private_copy, "_read", cutting)
    with pytest.raises(BundleError, match="is not the file that was verified"):
        load(folder)


def test_a_large_file_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is left out, and none comes twice."""
    data = np.random.default_rng(4).bytes(1000)
    (tmp_path / "x").write_bytes(data)
    for piece in (7, 500, 999, 1000, 1001, 4096):
        monkeypatch.setattr(private_copy, "_PIECE", piece)
        with (tmp_path / "x").open("rb", buffering=0) as file:
            copy = private_copy.PrivateCopy(file, 1000)
        assert (copy.size, copy.sha256) == (1000, hashlib.sha256(data).hexdigest())
        with copy.view() as view:
            assert bytes(view) == data
        assert copy.array().tobytes() == data


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "NaN": (lambda m: m["preprocessing"].update(scale=float("nan")), "NaN is not a number"),
    "infinity": (lambda m: m["preprocessing"].update(scale=float("inf")), "Infinity is not"),
    "10^6 labels": (
        lambda m: m["task"].update(labels=[str(i) for i in range(10**6)]),
        "task.labels: must be 1 to 100000, got 1000000",
    ),
    "a label of a megabyte": (
        lambda m: m["task"].update(labels=["x" * 2**20]),
        "task.labels[0]: at most 4095 bytes of UTF-8, got 1048576",
    ),
    "10^12 elements": (
        lambda m: m["inputs"][0].update(
            keras_shape=[1, 10**6, 10**6, 3], net_shape=[1, 3, 10**6, 10**6]
        ),
        "inputs[0].keras_shape (elements): must be 1 to 2147483647, got 3000000000000",
    ),
    "a shape of 10^5 dimensions": (
        lambda m: m["inputs"][0].update(keras_shape=[1] * 10**5),
        "inputs[0].keras_shape (rank): must be 0 to 8, got 100000",
    ),
    "a path for a file": (lambda m: m["model"].update(file="../x.onnx"), "model.file: must be a"),
    "an absolute path": (lambda m: m["model"].update(file="/etc/x.onnx"), "model.file: must be a"),
    "10^5 runs": (
        lambda m: m["evidence"].update(runs=m["evidence"]["runs"] * 10**5),
        "evidence.runs (count): must be 1 to 1000, got 100000",
    ),
    "10^4 versions": (
        lambda m: m["evidence"].update(versions={str(i): "1" for i in range(10**4)}),
        "evidence.versions (count): must be 0 to 1000, got 10000",
    ),
    "a key that commands a terminal": (
        lambda m: m.update({"\x1b[2J\x1b]0;owned\x07": 1}),
        "\\x1b[2J\\x1b]0;owned\\x07: unknown key",
    ),
    "a key of a megabyte": (lambda m: m.update({"k" * 2**20: 1}), "k...: unknown key"),
    "an image of 10^9 pixels a side": (
        lambda m: m["preprocessing"].update(size=[10**9, 10**9]),
        "preprocessing.size: must be 1 to 16384, got 1000000000",
    ),
    "a batch of 10^9": (
        lambda m: m["model"].update(batch=10**9),
        "model.batch: must be 1 to 65536",
    ),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_beyond_its_bounds_is_refused(folder: Path, name: str) -> None:
    """The field is named, and the message stays short and printable."""
    edit, message = MANIFESTS[name]
    change(folder, edit)
    with pytest.raises(BundleError) as caught:
        read_bundle(folder)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 2000


def test_a_key_that_appears_twice_among_a_million_is_found_at_once() -> None:
    """Looking for it takes no longer than reading."""
    keys = ",".join(f'"{i}":0' for i in range(500_000))
    with pytest.raises(BundleError, match="key '499999' appears twice"):
        parse_json(f'{{{keys},"499999":1}}')


def test_an_array_that_is_not_there_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    """A header of 128 bytes can declare four terabytes."""
    path = tmp_path / "x.npy"
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**6, 10**6)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
    with pytest.raises(InputError, match=r"it declares \(1000000, 1000000\) float32 in 128 bytes"):
        read_npy(path)
    np.save(path, np.array([{"code": 1}], object), allow_pickle=True)
    with pytest.raises(InputError, match="without Python objects"):
        read_npy(path)


def test_a_tail_that_doubles_is_stopped() -> None:
    """Thirty steps of a few bytes each would fill the machine."""
    steps = [Step("concat", (f"x{i}", f"x{i}"), (f"x{i + 1}",), axis=0) for i in range(40)]
    with pytest.raises(BundleError, match=r"concat does not fit .*numbers"):
        finish({"x0": np.zeros(1000, np.uint8)}, steps)


def test_a_tail_that_spreads_is_stopped() -> None:
    """A row and a column of a hundred thousand numbers make ten billion."""
    row, column = np.zeros((1, 10**5), np.float32), np.zeros((10**5, 1), np.float32)
    with pytest.raises(BundleError, match="add does not fit"):
        finish({"a": row, "b": column}, [Step("add", ("a", "b"), ("c",))])
