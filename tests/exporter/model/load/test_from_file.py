"""Files that model.save() wrote, and files that it did not."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from support.loaded_models import ask, photo_and_age


@pytest.mark.parametrize("name", ["cat.keras", "cat.h5"])
def test_a_saved_model_is_the_same_model(tmp_path: Path, name: str) -> None:
    """Names, shapes and numbers."""
    photo, age, joined = photo_and_age()
    model = keras.Model([photo, age], layers.Dense(5, name="scores")(joined), name="cat")
    model.save(tmp_path / name)
    live, saved = load_model(model), load_model(tmp_path / name)
    assert saved.inputs == live.inputs
    assert np.array_equal(ask(saved)["scores"], ask(live)["scores"])
    assert (saved.source.file, saved.source.kind) == (name, name.rpartition(".")[2])
    assert len(saved.source.sha256 or "") == 64
    assert (live.source.kind, live.source.sha256) == ("live", None)


def test_a_path_may_be_text(tmp_path: Path) -> None:
    """As the command line gives it."""
    x = keras.Input((4,), name="x")
    path = tmp_path / "naïve 猫.keras"
    keras.Model(x, layers.Dense(2)(x)).save(path)
    assert load_model(str(path)).source.file == "naïve 猫.keras"


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    """The error does not call it a wrong kind of file."""
    with pytest.raises(ModelError, match=r"There is no model at .*cat\.keras"):
        load_model(tmp_path / "cat.keras")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_an_unreadable_file_is_said_to_be_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operating system's own reason is given."""

    def refuse(path: Path) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "cat.keras").write_bytes(b"PK")
    monkeypatch.setattr("keras2cv_export.model.load.from_file.sha256_of", refuse)
    with pytest.raises(ModelError, match=r"cannot be read \(Permission denied\)"):
        load_model(tmp_path / "cat.keras")


@pytest.mark.parametrize("name", ["cat.keras", "cat.h5", "cat.png"])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, name: str) -> None:
    """Under any name."""
    (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
    with pytest.raises(ModelError, match="is not a Keras model"):
        load_model(tmp_path / name)


@pytest.mark.parametrize(
    ("saved", "renamed"),
    [("a.keras", "a.h5"), ("a.h5", "a.keras"), ("a.keras", "a.zip"), ("a.h5", "a")],
)
def test_a_model_under_another_name_is_to_be_renamed(
    saved: str, renamed: str, tmp_path: Path
) -> None:
    """Keras goes by the suffix; the message holds the name to give it."""
    x = keras.Input((4,), name="x")
    keras.Model(x, layers.Dense(2)(x)).save(tmp_path / saved)
    (tmp_path / saved).rename(tmp_path / renamed)
    with pytest.raises(ModelError, match=rf"Rename it to {saved}\."):
        load_model(tmp_path / renamed)


def test_weights_alone_are_refused(tmp_path: Path) -> None:
    """The error names the right way to save."""
    x = keras.Input((4,))
    keras.Model(x, layers.Dense(2)(x)).save_weights(tmp_path / "cat.weights.h5")
    with pytest.raises(ModelError, match="holds weights without an architecture"):
        load_model(tmp_path / "cat.weights.h5")


def test_a_model_whose_weights_are_missing_is_refused(tmp_path: Path) -> None:
    """Only somebody who tampered with a file makes an archive with an architecture alone."""
    x = keras.Input((4,), name="x")
    keras.Model(x, layers.Dense(2)(x)).save(tmp_path / "whole.keras")
    with (
        zipfile.ZipFile(tmp_path / "whole.keras") as whole,
        zipfile.ZipFile(tmp_path / "half.keras", "w") as half,
    ):
        half.writestr("config.json", whole.read("config.json"))
        half.writestr("metadata.json", whole.read("metadata.json"))
    with pytest.raises(ModelError, match=r"half\.keras: Keras .* cannot load this model"):
        load_model(tmp_path / "half.keras")
