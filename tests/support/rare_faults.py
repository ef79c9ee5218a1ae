"""Faults of a graph that few inputs show, and the models that they are put into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from keras import layers
from onnx import helper, numpy_helper

from keras2cv.bundle.reading import sha256_of
from keras2cv.schema.fields import format_json, parse_json

SIDE = 24
WORDS = 150


def _random(model: keras.Model, seed: int = 3) -> keras.Model:
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        shape = tuple(weight.shape)
        scale = np.sqrt(2.0 / max(int(np.prod(shape[:-1])), 1)) if len(shape) > 1 else 0.1
        weight.assign(rng.normal(0, scale, shape))
    return model


def photo() -> keras.Model:
    """Return a regression over pictures, 0..1."""
    x = keras.Input((SIDE, SIDE, 3), name="photo")
    y = layers.Conv2D(8, 3, activation="relu")(x)
    y = layers.Conv2D(8, 3, strides=2, activation="relu")(y)
    return _random(keras.Model(x, layers.Dense(4, name="values")(layers.Flatten()(y))))


def words() -> keras.Model:
    """Return a regression over twelve words of 150."""
    x = keras.Input((12,), dtype="int32", name="words")
    y = layers.GlobalAveragePooling1D()(layers.Embedding(WORDS, 6)(x))
    return _random(keras.Model(x, layers.Dense(3, name="values")(y)))


def boxes() -> keras.Model:
    """Return boxes in pixels and scores, side by side in one output."""
    x = keras.Input((SIDE, SIDE, 3), name="photo")
    y = layers.Conv2D(8, 3, strides=4, activation="relu")(x)
    box = layers.Rescaling(300.0)(layers.Conv2D(4, 1, name="box")(y))
    score = layers.Conv2D(2, 1, activation="sigmoid", name="score")(y)
    joined = layers.Concatenate(name="found")([box, score])
    return _random(keras.Model(x, layers.Reshape((-1, 6))(joined)))


def sizes() -> keras.Model:
    """Return values to 1e4 beside values to 1e-3."""
    x = keras.Input((6,), name="numbers")
    y = layers.Dense(16, activation="tanh")(x)
    large = layers.Rescaling(1e4)(layers.Dense(2, name="large")(y))
    small = layers.Rescaling(1e-3)(layers.Dense(2, name="small")(y))
    return _random(keras.Model(x, layers.Concatenate(name="values")([large, small])))


@dataclass(frozen=True)
class RareFault:
    """A fault, and the words with which it is reported."""

    model: Callable[[], keras.Model]
    change: Callable[[Any], None]
    words: str

    def apply(self, folder: Path) -> None:
        """Break the bundle in `folder`, and give its manifest the sha256 of the broken file."""
        file = folder / "model.onnx"
        model = onnx.load(file)
        self.change(model.graph)
        onnx.save(model, file)
        manifest = parse_json((folder / "manifest.json").read_text("utf-8"))
        manifest["model"]["sha256"] = sha256_of(file)
        manifest["model"]["bytes"] = str(file.stat().st_size)
        (folder / "manifest.json").write_text(format_json(manifest), encoding="utf-8")


def _constant(graph: Any, name: str, value: float) -> str:
    tensor = numpy_helper.from_array(np.array([value], np.float32), name)
    graph.initializer.append(tensor)
    return name


def _before(*steps: tuple[str, Sequence[str], dict[str, Any]]) -> Callable[[Any], None]:
    """Put nodes between the input and the net: each reads "x", "0", "1", ... or a number's text."""

    def change(graph: Any) -> None:
        source = graph.input[0].name
        made = {"x": source}
        nodes = []
        for k, (kind, inputs, attributes) in enumerate(steps):
            names = [
                made[i] if i in made else _constant(graph, f"rare/{k}/{i}", float(i[1:]))
                for i in inputs
            ]
            nodes.append(helper.make_node(kind, names, [f"rare/{k}"], f"rare/{k}", **attributes))
            made[str(k)] = f"rare/{k}"
        for node in graph.node:
            node.input[:] = [f"rare/{len(steps) - 1}" if i == source else i for i in node.input]
        for node in reversed(nodes):
            graph.node.insert(0, node)

    return change


_MEAN: tuple[str, Sequence[str], dict[str, Any]] = (
    "GlobalAveragePool",
    ["x"],
    {},
)


def _initializer(
    match: Callable[[Any], bool], wrong: Callable[[Any], Any]
) -> Callable[[Any], None]:
    def change(graph: Any) -> None:
        found = [t for t in graph.initializer if match(numpy_helper.to_array(t))]
        assert found
        for tensor in found:
            array = np.array(numpy_helper.to_array(tensor))
            tensor.CopyFrom(numpy_helper.from_array(wrong(array), tensor.name))

    return change


def _row(array: Any) -> Any:
    array[WORDS // 3] = 0.0
    return array


def _after(columns: Sequence[float]) -> Callable[[Any], None]:
    """Multiply the columns of the output."""

    def change(graph: Any) -> None:
        name = graph.output[0].name
        inner = f"{name}/right"
        for node in graph.node:
            node.output[:] = [inner if o == name else o for o in node.output]
            node.input[:] = [inner if i == name else i for i in node.input]
        tensor = numpy_helper.from_array(np.array(columns, np.float32), "rare/columns")
        graph.initializer.append(tensor)
        graph.node.append(helper.make_node("Mul", [inner, "rare/columns"], [name], "rare/mul"))

    return change


RARE_FAULTS: dict[str, RareFault] = {
    "halved at night": RareFault(
        photo,
        _before(
            _MEAN,
            ("Mul", ["0", "=15"], {}),
            ("Clip", ["1", "=0", "=1"], {}),
            ("Mul", ["x", "2"], {}),
        ),
        "dark",
    ),
    "dimmed when very bright": RareFault(
        photo,
        _before(
            _MEAN,
            ("Mul", ["0", "=-8"], {}),
            ("Add", ["1", "=8"], {}),
            ("Clip", ["2", "=0", "=1"], {}),
            ("Mul", ["x", "3"], {}),
        ),
        "white",
    ),
    "NaN for black": RareFault(
        photo,
        _before(_MEAN, ("Div", ["x", "0"], {}), ("Mul", ["1", "0"], {})),
        "black",
    ),
    "values above 1 cut": RareFault(
        photo, _before(("Clip", ["x", "=0", "=1"], {})), "beyond the usual range"
    ),
    "one row of an embedding": RareFault(
        words, _initializer(lambda a: a.shape[:1] == (WORDS,), _row), "an input that is"
    ),
    "scores beside boxes": RareFault(boxes, _after([1, 1, 1, 1, 1.01, 1.01]), "columns 4..5"),
    "thousandths beside thousands": RareFault(sizes, _after([1, 1, 1, 1.01]), "columns 2..3"),
}
