"""A large model is held for the time of a load: writers wait, and nothing is copied."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from keras2cv import loading
from keras2cv.bundle import held_file
from keras2cv.bundle.held_file import HeldFile
from keras2cv.bundle.private_copy import PrivateCopy
from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import BundleError
from keras2cv.loading import load
from keras2cv.predictor import Predictor
from support.tiny_bundle import HEIGHT, WIDTH, Classifier

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux'")
IMAGE = np.ones((1, HEIGHT, WIDTH, 3), np.float32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a bundle whose model counts as large."""
    monkeypatch.setattr(held_file, "SMALLEST", 1)
    return Classifier().write(tmp_path / "cat.cv")


def spoil(path: Path) -> None:
    """Write other bytes in place."""
    with path.open("r+b") as file:
        file.write(b"spoilt")


def cut(path: Path) -> None:
    """Leave nothing."""
    os.truncate(path, 0)


@pytest.mark.parametrize("change", [spoil, cut])
def test_who_changes_a_held_file_waits(folder: Path, change: Callable[[Path], None]) -> None:
    """The bytes that were checked are loaded; the writer goes on afterwards."""
    bundle = read_bundle(folder, held=True)
    assert isinstance(bundle.copy, HeldFile)
    path, before = bundle.model_path, bundle.model_path.read_bytes()
    writer = threading.Thread(target=change, args=(path,))
    writer.start()
    time.sleep(0.05)
    assert path.read_bytes() == before
    (found,) = Predictor(bundle).infer(IMAGE)
    assert np.allclose(found, Classifier()(IMAGE), atol=1e-5)
    assert not bundle.let_go()  # somebody tried
    writer.join(5)
    assert path.read_bytes() != before


def test_nothing_is_held_after_a_load(folder: Path) -> None:
    """Neither by a predictor, nor by an error."""
    model = load(folder)
    started = time.monotonic()
    spoil(folder / "model.onnx")
    with pytest.raises(BundleError, match="is not the file") as error:
        load(folder)
    cut(folder / "model.onnx")
    assert time.monotonic() - started < 2
    assert error.value is not None
    assert len(model.infer(IMAGE)) == 1


def test_a_file_that_somebody_writes_is_copied(folder: Path) -> None:
    """There is no lease on it."""
    with (folder / "model.onnx").open("r+b"):
        bundle = read_bundle(folder, held=True)
        assert isinstance(bundle.copy, PrivateCopy)
    assert bundle.let_go()
    assert isinstance(read_bundle(folder).copy, PrivateCopy)  # nor without being asked for


def test_small_files_and_other_file_systems_are_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the kernel's own file systems keep writers waiting."""
    monkeypatch.setattr(held_file, "_LOCAL", frozenset())
    assert isinstance(read_bundle(folder, held=True).copy, PrivateCopy)
    monkeypatch.undo()
    assert isinstance(read_bundle(folder, held=True).copy, PrivateCopy)


def test_a_load_that_somebody_disturbed_is_made_again_from_a_copy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease ends after some time, whoever holds it."""
    seen: list[type] = []

    def reading(*args: object, **kwargs: object) -> object:
        bundle = read_bundle(*args, **kwargs)  # type: ignore[arg-type]
        seen.append(type(bundle.copy))
        return bundle

    monkeypatch.setattr(loading, "read_bundle", reading)
    monkeypatch.setattr(
        HeldFile, "give_back", lambda self: held_file._give_back(self._file) or False
    )
    monkeypatch.delattr(HeldFile, "__del__")
    load(folder)
    assert seen == [HeldFile, PrivateCopy]


def test_a_file_that_is_changed_again_and_again_loads_right_or_not_at_all(folder: Path) -> None:
    """Each load gives the model's own answer."""
    path, done = folder / "model.onnx", threading.Event()
    right = path.read_bytes()

    def change() -> None:
        while not done.is_set():
            path.write_bytes(right[:-1] + b"\0")
            path.write_bytes(right)

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(40):
            try:
                (found,) = load(folder).infer(IMAGE)
            except BundleError:
                continue
            assert np.allclose(found, Classifier()(IMAGE), atol=1e-5)
    finally:
        done.set()
        writer.join()
