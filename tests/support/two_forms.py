"""A bundle with a second file of its net, whose answers show which one ran."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import numpy as np

from keras2cv.bundle.manifest import Form, Manifest
from keras2cv.bundle.writing import write_bundle
from keras2cv.net.engines import ENGINES
from support.tiny_bundle import Array, Classifier

SHIFT: Final = 1e-6  # that the second file adds to each answer: seen, and within the self-test


class Shifted(Classifier):
    """The same net with another offset."""

    def weights(self) -> dict[str, Array]:
        """Return the weights of the form."""
        weights = super().weights()
        return {**weights, "offset": weights["offset"] + np.float32(SHIFT)}


def form_of(data: bytes, opencv: str = "4.7", engine: str = ENGINES[0]) -> Form:
    """Return the record of a file, for the engine that this OpenCV prefers."""
    evidence = Classifier().manifest().evidence
    assert evidence is not None
    digest = hashlib.sha256(data).hexdigest()
    return Form(opencv, engine, f"model.{opencv}.onnx", digest, str(len(data)), evidence.runs)  # type: ignore[arg-type]


def with_forms(*forms: Form) -> Manifest:
    """Return the tiny classifier's manifest with further files."""
    return Classifier().manifest().replace(forms=forms)


def write_two(folder: Path, data: bytes | None = None, form: Form | None = None) -> Path:
    """Write the tiny classifier with a second file; by default one that answers differently.

    Args:
        folder: The bundle's.
        data: The second file.
        form: Its record.
    """
    data = Shifted().onnx() if data is None else data
    form = form or form_of(data)
    files: dict[str, bytes | Path] = {
        "model.onnx": Classifier().onnx(),
        form.file: data,
        "selftest.npz": Classifier().selftest(),
    }
    write_bundle(folder, with_forms(form), files)
    return folder
