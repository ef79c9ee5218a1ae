"""A bundle's model where only its answers are at hand: an .npz file of inputs and outputs."""

from __future__ import annotations

from pathlib import Path

from keras2cv.bundle.manifest import Manifest
from keras2cv_export.model.onnx_files.given_answers import GivenAnswers
from keras2cv_export.model.spec import TensorSpec

from .loaded import Judge, LoadedModel


def answered_model(path: Path, manifest: Manifest) -> LoadedModel:
    """Return a model with the bundle's inputs and outputs that knows the file's answers alone.

    Raises:
        InputError: The file cannot be read, or is not of the bundle's inputs and outputs.
    """
    inputs = tuple(
        TensorSpec(t.name, t.keras_shape, t.dtype, t.layout == "same" and len(t.keras_shape) == 4)
        for t in manifest.inputs
    )
    given = GivenAnswers(path, inputs, [t.name for t in manifest.outputs])
    judge = Judge(path.name, given, given.samples)
    return LoadedModel(path.stem, manifest.source, inputs, given, None, judge=judge)


def as_given(loaded: LoadedModel, manifest: Manifest) -> LoadedModel:
    """Return a model whose outputs have the axes that the bundle gives them."""
    moved = any(t.layout == "NCHW" for t in manifest.outputs)
    return loaded.with_pictures_out() if moved and loaded.graph is not None else loaded
