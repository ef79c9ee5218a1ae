"""What no library could read is refused before one opens it: it would wait for ever."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.errors import InputError, Keras2cvError, Keras2cvWarning, ModelError, UsageError
from keras2cv.pixels.image_file import read_image
from keras2cv_bench.records import read_record
from keras2cv_export.model.onnx_files.reading import read_onnx
from keras2cv_export.model.place import require_model
from keras2cv_export.options.repro_place import SIGN, require_repro_place
from keras2cv_export.tasks.detect.anchors import anchors_of
from keras2cv_export.tasks.detect.options import DetectOptions
from keras2cv_export.tasks.labels import read_labels
from keras2cv_export.tasks.presets import require_preprocessing
from keras2cv_export.tasks.text.charset import read_charset
from keras2cv_export.verifying.sample_files import usable, usable_pictures

pytestmark = pytest.mark.skipif(os.name != "posix", reason="no such files there")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of special files."""
    monkeypatch.chdir(tmp_path)
    for name in ("pipe", "pipe.json", "pipe.txt"):
        os.mkfifo(name)
    for name in ("device", "device.json", "device.txt"):
        Path(name).symlink_to("/dev/zero")
    Path("loop").symlink_to("loop")
    Path("saved/variables").mkdir(parents=True)
    os.mkfifo("saved/variables/variables.index")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pipe", "it is a named pipe"),
        ("device", "it is a device"),
        ("loop", "Too many levels"),
        ("saved", "variables.index is a named pipe"),
        ("none", "There is no model at none"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_a_model_is_a_file_or_a_folder_of_files(folder: Path, name: str, words: str) -> None:
    """In a sentence."""
    with pytest.raises(ModelError, match=words):
        require_model(name)


READERS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "labels": (read_labels, ""),
    "preprocessing": (require_preprocessing, ".json"),
    "charset": (read_charset, ".txt"),
    "anchors": (lambda name: anchors_of(DetectOptions(anchors=name)), ""),
    "baseline": (lambda name: read_record(Path(name)), ""),
    "onnx": (lambda name: read_onnx(Path(name)), ""),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", ["pipe", "device"])
def test_every_file_of_an_option_is_a_plain_one(folder: Path, reader: str, name: str) -> None:
    """Nothing waits, and nothing reads without end."""
    read, suffix = READERS[reader]
    with pytest.raises(Keras2cvError, match=r"cannot be read.*it is a (named pipe|device)"):
        read(f"{name}{suffix}")


def test_a_sample_that_cannot_be_read_is_left_out(folder: Path) -> None:
    """With a warning; if none can be read, that is the error."""
    Path("day").mkdir()
    cv2.imwrite("day/a.png", np.full((9, 8, 3), 90, np.uint8))
    Path("day/b.png").write_bytes(b"broken")
    os.mkfifo("day/c.png")
    with pytest.warns(Keras2cvWarning, match="A sample is left out: ") as warned:
        assert usable_pictures("day") == (Path("day/a.png"),)
    assert len(warned) == 2
    with pytest.raises(InputError, match="cannot be read: it is a named pipe"):
        usable([Path("day/c.png")], read_image)


def test_a_reproduction_replaces_its_own_files_alone(folder: Path) -> None:
    """A README of the user is not one of them."""
    Path("mine").mkdir()
    require_repro_place("mine")
    require_repro_place("none")
    Path("mine/README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"README\.md exists, and no earlier --repro wrote it"):
        require_repro_place("mine")
    Path("mine/repro.py").write_text(f"net = cv2.dnn.{SIGN})", encoding="utf-8")
    require_repro_place("mine")
