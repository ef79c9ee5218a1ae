"""The values that a model expects of its inputs, as far as its layers say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.tasks.presets import value_range

from .samples import ValueRange, usual_range

_SPREADS: Final = 3.0  # standard deviations on either side of an adapted mean


def ranges_of(loaded: LoadedModel, manifest: Manifest) -> dict[str, ValueRange]:
    """Return each input's lowest and highest value, both included.

    A bundle's preprocessing says them, a Normalization layer that was adapted, and the rows of an
    Embedding; else it is the usual range of the dtype.
    """
    ranges = {spec.name: usual_range(spec) for spec in loaded.inputs}
    vocabulary = loaded.smallest_vocabulary
    if vocabulary is not None:
        words = [s.name for s in loaded.inputs if "int" in s.dtype and s.dtype != "uint8"]
        ranges |= dict.fromkeys(words, (0, vocabulary - 1))
        ranges |= {name: (0, size - 1) for name, size in embedding_rows(loaded).items()}
    ranges |= dict(_adapted(loaded))
    ranges |= dict(_categories(loaded))
    for rules in manifest.pictures:
        # By position: a live model's input may have another name than its file's.
        place = [t.name for t in manifest.inputs].index(rules.input)
        ranges[loaded.inputs[place].name] = value_range(rules)
    return ranges


def embedding_rows(loaded: LoadedModel) -> dict[str, int]:
    """Return the rows of the embeddings that whole inputs are looked up in; the fewest of several.

    It knows them where an Embedding stands directly behind an input, or all inputs of words share
    the model's only one.
    """
    found: dict[str, int] = {}
    names = {spec.name for spec in loaded.inputs}
    for layer in _layers(loaded, "Embedding"):
        for name in _inputs_of(layer):
            if name in names:
                found[name] = min(int(layer.input_dim), found.get(name, int(layer.input_dim)))
    if not found and len(loaded.inputs) == 1 and loaded.smallest_vocabulary is not None:
        spec = loaded.inputs[0]
        if "int" in spec.dtype and spec.dtype != "uint8":
            found[spec.name] = loaded.smallest_vocabulary
    return found


def _adapted(loaded: LoadedModel) -> Iterator[tuple[str, ValueRange]]:
    """Yield the range of each input that a Normalization layer was adapted to."""
    specs = {spec.name: spec for spec in loaded.inputs if "float" in spec.dtype}
    layers = list(_layers(loaded, "Normalization"))
    for layer in layers:
        mean, variance = _statistics(layer)
        names = [name for name in _inputs_of(layer) if name in specs]
        if not names and len(layers) == len(loaded.inputs) == 1:
            names = list(specs)
        for name in names:
            shape = tuple(int(size or 1) for size in specs[name].shape[1:])
            ends = (mean - _SPREADS * np.sqrt(variance), mean + _SPREADS * np.sqrt(variance))
            if mean.size and not getattr(layer, "invert", False) and _fits(mean, shape):
                low, high = (np.broadcast_to(end.reshape(_cut(end)), shape) for end in ends)
                yield name, (low, high)


def _categories(loaded: LoadedModel) -> Iterator[tuple[str, ValueRange]]:
    """Yield the range of each input whose categories are encoded: others are an error, or none."""
    specs = {spec.name: spec for spec in loaded.inputs if "int" in spec.dtype}
    for layer in _layers(loaded, "CategoryEncoding"):
        for name in _inputs_of(layer):
            if name in specs:
                yield name, (0, int(layer.num_tokens) - 1)


def _statistics(layer: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    mean, variance = getattr(layer, "mean", None), getattr(layer, "variance", None)
    if mean is None or variance is None:
        return np.zeros(0), np.zeros(0)
    return np.asarray(mean, np.float64), np.asarray(variance, np.float64)


def _cut(array: np.ndarray[Any, Any]) -> tuple[int, ...]:
    """Return the shape without the batch's leading 1."""
    shape: tuple[int, ...] = array.shape
    return shape[1:] if len(shape) > 1 else shape


def _fits(mean: np.ndarray[Any, Any], shape: tuple[int, ...]) -> bool:
    """Whether statistics are of all rows of a batch alike, and of samples of that shape."""
    if mean.ndim > 1 and mean.shape[0] != 1:
        return False
    try:
        return np.broadcast_shapes(_cut(mean), shape) == shape
    except ValueError:
        return False


def _layers(loaded: LoadedModel, kind: str) -> list[Any]:
    layers = loaded.keras_model._flatten_layers() if loaded.keras_model is not None else ()
    return [layer for layer in layers if type(layer).__name__ == kind]


def _inputs_of(layer: Any) -> list[str]:
    """Return the names of the model's inputs that a layer reads directly."""
    try:
        tensor = layer.input
    except Exception:
        return []
    tensors = tensor if isinstance(tensor, list | tuple) else [tensor]
    return [str(getattr(one, "name", "")).split(":")[0] for one in tensors]
