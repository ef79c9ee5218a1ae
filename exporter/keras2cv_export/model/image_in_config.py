"""Find a model's image input and its task in its file's architecture, where they are certain.

None means that only the loaded model can show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from .config import foreign_classes, walk
from .spec import TensorSpec

_PLAIN: Final = ("Sequential", "Functional", "Model")
_NORMALISERS: Final = ("Rescaling", "Normalization")
# The first flatten any input to (N, values); the others keep their input's shape.
_FLATTENING: Final = ("Flatten", "GlobalAveragePooling2D", "GlobalMaxPooling2D")
_KEEPING: Final = ("Dense", "Dropout", "BatchNormalization", "Activation", "ReLU", "Softmax")

Layer = Mapping[str, Any]


def bare_image(config: Mapping[str, Any]) -> TensorSpec | None:
    """Return the first image input of a model of Keras' own layers, none of which prepares pixels.

    Another's layer may prepare them: then the answer is None, as it is where there is no image.
    """
    if config.get("class_name") not in _PLAIN or foreign_classes(dict(config)):
        return None
    if any(layer["class_name"] in _NORMALISERS for layer in walk(dict(config))):
        return None
    return next((spec for spec in _inputs(config) if spec.is_image), None)


def guessed_task(config: Mapping[str, Any], labels: Sequence[str] | None) -> str | None:
    """Return "classify" or "binary" where the last layers leave no doubt."""
    chain = list(_from_the_end(config))
    if not chain or chain[-1]["class_name"] not in _FLATTENING or _keeps_dims(chain[-1]):
        return None
    if not all(layer["class_name"] in _KEEPING for layer in chain[:-1]):
        return None
    classes = next((_own(layer).get("units") for layer in chain if "units" in _own(layer)), None)
    activation = _activation(chain[0])
    if not isinstance(classes, int):
        return None
    if activation == "softmax" and classes > 1:
        return "classify"
    if activation == "sigmoid" and classes == 1:
        return "binary"
    return "classify" if labels and len(labels) == classes > 1 else None


def _own(layer: Layer) -> Mapping[str, Any]:
    own = layer.get("config")
    return own if isinstance(own, dict) else {}


def _layers(config: Mapping[str, Any]) -> list[Layer]:
    found = _own(config).get("layers")
    layers = found if isinstance(found, list) else []
    return [one for one in layers if isinstance(one, dict) and isinstance(one["class_name"], str)]


def _inputs(config: Mapping[str, Any]) -> Iterator[TensorSpec]:
    for layer in _layers(config):
        own = _own(layer)
        shape = own.get("batch_shape") or own.get("batch_input_shape")
        if layer["class_name"] == "InputLayer" and isinstance(shape, list):
            dtype = own.get("dtype")
            name = str(own.get("name"))
            yield TensorSpec(name, tuple(shape), dtype if isinstance(dtype, str) else "float32")


def _from_the_end(config: Mapping[str, Any]) -> Iterator[Layer]:
    """Yield the layers from the only output backwards, to the first that flattens a picture."""
    layers = {str(_own(one).get("name")): one for one in _layers(config)}
    order = list(layers)
    name = order[-1] if config["class_name"] == "Sequential" and order else _only_output(config)
    seen: set[str] = set()
    while name in layers and name not in seen:
        layer = layers[name]
        yield layer
        seen.add(name)
        if layer["class_name"] in _FLATTENING:
            return
        if config["class_name"] == "Sequential":
            name = order[order.index(name) - 1] if order.index(name) else ""
        else:
            name = _only_source(layer)


def _only_output(config: Mapping[str, Any]) -> str:
    """Return the name of the layer that makes the only output, or nothing."""
    outputs = _own(config).get("output_layers")
    if isinstance(outputs, list) and len(outputs) == 1 and isinstance(outputs[0], list):
        outputs = outputs[0]
    if isinstance(outputs, list) and len(outputs) == 3 and isinstance(outputs[0], str):
        return outputs[0]
    return ""


def _only_source(layer: Layer) -> str:
    """Return the name of the only layer that this one is called on, once, or nothing."""
    calls = layer.get("inbound_nodes")
    if not isinstance(calls, list) or len(calls) != 1:
        return ""
    names = list(_sources(calls))
    return names[0] if len(names) == 1 else ""


def _sources(item: Any) -> Iterator[str]:
    """Yield the names in Keras 3's `keras_history` and in Keras 2's [name, 0, 0, {}]."""
    if isinstance(item, dict):
        history = item.get("keras_history")
        if isinstance(history, list) and history:
            yield str(history[0])
        for value in item.values():
            yield from _sources(value)
    elif isinstance(item, list):
        if len(item) == 4 and isinstance(item[0], str) and item[1:3] == [0, 0]:
            yield item[0]
        for value in item:
            yield from _sources(value)


def _keeps_dims(layer: Layer) -> bool:
    return bool(_own(layer).get("keepdims"))


def _activation(layer: Layer) -> str:
    if layer["class_name"] == "Softmax":
        return "softmax" if _own(layer).get("axis") == -1 else ""
    return str(_own(layer).get("activation"))
