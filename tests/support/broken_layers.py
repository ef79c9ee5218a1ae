"""Models of several shapes, and an exported graph broken at a known layer in many ways.

A fault changes one node, or one weight that one node reads. Its layer follows from the node's name,
TensorFlow's scope, which the bisection does not use.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
from keras import layers
from onnx import ModelProto, NodeProto, helper, numpy_helper

from keras2cv.bundle.reading import read_manifest, sha256_of
from keras2cv.bundle.writing import write_manifest

HEIGHT, WIDTH = 21, 30


def classifier() -> keras.Model:
    """Return a residual classifier of pictures."""
    x = keras.Input((HEIGHT, WIDTH, 3), name="photo")
    y = layers.Conv2D(6, 3, strides=2, padding="same", name="stem")(x)
    y = layers.Activation("relu", name="stem_relu")(layers.BatchNormalization(name="stem_bn")(y))
    z = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(y)
    z = layers.BatchNormalization(name="branch_bn")(z)
    z = layers.Conv2D(6, 1, activation="swish", name="pointwise")(z)
    y = layers.Add(name="residual")([y, z])
    y = layers.MaxPooling2D(2, name="pool")(y)
    y = layers.Dense(11, activation="tanh", name="hidden")(layers.Flatten(name="flat")(y))
    return keras.Model(x, layers.Dense(5, activation="softmax", name="scores")(y), name="classes")


def two_heads() -> keras.Model:
    """Return a model of two inputs and two outputs, with branches that meet."""
    photo, row = keras.Input((HEIGHT, WIDTH, 3), name="photo"), keras.Input((7,), name="row")
    y = layers.Conv2D(5, 3, activation="relu", name="conv")(photo)
    mean = layers.GlobalAveragePooling2D(name="average")(y)
    peak = layers.GlobalMaxPooling2D(name="peak")(y)
    side = layers.Dense(5, activation="sigmoid", name="side")(row)
    both = layers.Concatenate(name="both")([mean, peak, side])
    where = layers.Dense(4, name="where")(layers.LayerNormalization(name="norm")(both))
    gate = layers.Multiply(name="gate")([mean, side])
    what = layers.Softmax(name="what")(layers.Dense(6, name="logits")(gate))
    return keras.Model([photo, row], [where, what], name="heads")


def nested() -> keras.Model:
    """Return a tower in a model, called on two pictures."""
    x = keras.Input((HEIGHT, WIDTH, 3), name="crop")
    y = layers.Conv2D(6, 3, strides=2, activation="relu", name="conv")(x)
    y = layers.AveragePooling2D(2, padding="same", name="pool")(y)
    y = layers.Conv2D(7, 3, name="deep")(y)
    tower = keras.Model(x, layers.GlobalAveragePooling2D(name="mean")(y), name="tower")
    left = keras.Input((HEIGHT, WIDTH, 3), name="left")
    right = keras.Input((HEIGHT, WIDTH, 3), name="right")
    apart = layers.Subtract(name="apart")([tower(left), tower(right)])
    y = layers.Dense(8, activation="elu", name="compare")(apart)
    return keras.Model([left, right], layers.Dense(3, name="verdict")(y), name="pairs")


def unet() -> keras.Model:
    """Return a small U-Net."""
    x = keras.Input((24, 32, 3), name="photo")
    a = layers.Conv2D(4, 3, padding="same", activation="relu", name="down_1")(x)
    b = layers.MaxPooling2D(2, name="pool_1")(a)
    b = layers.Conv2D(6, 3, padding="same", activation="relu", name="down_2")(b)
    c = layers.MaxPooling2D(2, name="pool_2")(b)
    c = layers.Conv2D(8, 3, padding="same", activation="relu", name="bottom")(c)
    d = layers.UpSampling2D(2, interpolation="bilinear", name="up_2")(c)
    d = layers.Concatenate(name="skip_2")([d, b])
    d = layers.Conv2D(6, 3, padding="same", activation="relu", name="merge_2")(d)
    e = layers.Conv2DTranspose(4, 2, strides=2, name="up_1")(d)
    e = layers.Concatenate(name="skip_1")([e, a])
    e = layers.Conv2D(5, 3, padding="same", activation="relu", name="merge_1")(e)
    return keras.Model(x, layers.Conv2D(2, 1, activation="sigmoid", name="mask")(e), name="unet")


def sequence() -> keras.Model:
    """Return a recurrent model of a series."""
    x = keras.Input((5, 4), name="series")
    y = layers.LSTM(6, return_sequences=True, name="first")(x)
    y = layers.LayerNormalization(name="norm")(y)
    y = layers.Bidirectional(layers.LSTM(4, name="second"), name="both_ways")(y)
    y = layers.Dense(7, activation="relu", name="hidden")(y)
    return keras.Model(x, layers.Dense(3, name="forecast")(y), name="series_model")


MODELS: dict[str, Callable[[], keras.Model]] = {
    "classifier": classifier,
    "two_heads": two_heads,
    "nested": nested,
    "unet": unet,
    "sequence": sequence,
}


@dataclass(frozen=True)
class Fault:
    """One way in which one node is broken.

    Attributes:
        layer: The layer that the node belongs to, as its scope has it, `tower/conv`.
        node: The node's name.
        change: A description of the change.
        apply: Does it to a copy of the graph that the node was found in, in place.
    """

    layer: str
    node: str
    change: str
    apply: Callable[[ModelProto], None]


def scope_of(node_name: str, names: frozenset[str]) -> str | None:
    """Return the path of the layer that a node belongs to, of the known names of layers."""
    parts = [_known(part, names) for part in node_name.split("/")]
    return "/".join(dict.fromkeys(filter(None, parts))) or None


def _known(part: str, names: frozenset[str]) -> str:
    """A scope is the layer's name, with a number behind it where it was entered before."""
    shorter = re.sub(r"_\d+$", "", part)
    if shorter in names:
        return shorter
    return part if part in names else ""


def faults(model: ModelProto, names: frozenset[str]) -> Iterator[Fault]:
    """Yield every fault that is known for every node of a known layer."""
    for k, node in enumerate(model.graph.node):
        layer = scope_of(node.name, names)
        if layer is None:
            continue
        for what, change in _changes(model, node):
            yield Fault(layer, node.name, what, _at(k, change))


Change = Callable[[ModelProto, NodeProto], None]


def _at(k: int, change: Change) -> Callable[[ModelProto], None]:
    def apply(model: ModelProto) -> None:
        change(model, model.graph.node[k])

    return apply


def _changes(model: ModelProto, node: NodeProto) -> Iterator[tuple[str, Change]]:
    weights = {t.name: t for t in model.graph.initializer}
    for k, name in enumerate(node.input):
        if name in weights and weights[name].data_type == onnx.TensorProto.FLOAT:
            array = numpy_helper.to_array(weights[name])
            yield from _on_weight(node, k, array)
    yield from _ON_OP.get(node.op_type, ())
    if node.op_type == "Transpose" and len(_perm(node)) == 4:
        yield "axes in another order", _exchange_axes
    if node.op_type == "Concat" and len({_size(model, n) for n in node.input}) == 1:
        yield "inputs in another order", _reverse_inputs


def _on_weight(node: NodeProto, k: int, array: Any) -> Iterator[tuple[str, Change]]:
    if array.size == 1:
        if node.op_type in ("Add", "Mul", "Div", "Sub", "Pow") and float(array.reshape(-1)[0]):
            yield f"constant {k} a tenth larger", _weight(k, lambda a: a * np.float32(1.1))
        return
    yield f"one sign of weight {k} flipped", _weight(k, _flip_largest)
    if array.ndim == 1 and k == 2:
        yield "bias dropped", _weight(k, np.zeros_like)
        yield "bias of the neighbour", _weight(k, lambda a: np.roll(a, 1))
    if array.ndim == 4:
        yield "kernel mirrored", _weight(k, lambda a: a[..., ::-1] if a.shape[-1] > 1 else -a)
        yield "channels in another order", _weight(k, lambda a: np.roll(a, 1, axis=0))
    yield (
        f"weight {k} in float16's digits, and 1 % more",
        _weight(k, lambda a: (a * 1.01).astype(np.float16).astype(np.float32)),
    )


def _flip_largest(array: Any) -> Any:
    flipped = array.copy()
    place = np.unravel_index(np.abs(array).argmax(), array.shape)
    flipped[place] = -flipped[place]
    return flipped


def _weight(k: int, change: Callable[[Any], Any]) -> Change:
    """Give the node a weight of its own, changed."""

    def apply(model: ModelProto, node: NodeProto) -> None:
        old = next(t for t in model.graph.initializer if t.name == node.input[k])
        array = np.ascontiguousarray(change(numpy_helper.to_array(old)), np.float32)
        model.graph.initializer.append(numpy_helper.from_array(array, f"{old.name}/broken"))
        node.input[k] = f"{old.name}/broken"

    return apply


def _set(**attributes: Any) -> Change:
    def apply(_: ModelProto, node: NodeProto) -> None:
        kept = [a for a in node.attribute if a.name not in attributes]
        del node.attribute[:]
        node.attribute.extend(kept)
        node.attribute.extend(helper.make_attribute(k, v) for k, v in attributes.items())

    return apply


def _become(op: str, **attributes: Any) -> Change:
    def apply(_: ModelProto, node: NodeProto) -> None:
        node.op_type = op
        del node.attribute[:]
        node.attribute.extend(helper.make_attribute(k, v) for k, v in attributes.items())

    return apply


def _shift_pads(_: ModelProto, node: NodeProto) -> None:
    for attribute in node.attribute:
        if attribute.name == "pads" and sum(attribute.ints):
            top, left, bottom, right = attribute.ints
            attribute.ints[:] = [top + 1, left, bottom - 1, right]


def _exchange_axes(_: ModelProto, node: NodeProto) -> None:
    perm = _perm(node)
    perm[1], perm[2] = perm[2], perm[1]
    _set(perm=perm)(_, node)


def _perm(node: NodeProto) -> list[int]:
    return next((list(a.ints) for a in node.attribute if a.name == "perm"), [])


def _reverse_inputs(_: ModelProto, node: NodeProto) -> None:
    node.input[:] = list(node.input)[::-1]


def _size(model: ModelProto, name: str) -> str:
    typed = (*model.graph.value_info, *model.graph.input, *model.graph.output)
    return str(next((v.type for v in typed if v.name == name), name))


_ON_OP: dict[str, tuple[tuple[str, Change], ...]] = {
    "Relu": (("leaky", _become("LeakyRelu", alpha=0.1)), ("gone", _become("Identity"))),
    "Tanh": (("became a sigmoid", _become("Sigmoid")),),
    "Sigmoid": (("became a hard one", _become("HardSigmoid")),),
    "Elu": (("alpha", _set(alpha=0.5)),),
    "Softmax": (("gone", _become("Identity")), ("over the batch", _set(axis=0))),
    "AveragePool": (("padding counted", _set(count_include_pad=1)),),
    "Conv": (("padding shifted", _shift_pads),),
    "Resize": (
        ("nearest", _set(mode="nearest", nearest_mode="floor")),
        ("corners aligned", _set(coordinate_transformation_mode="align_corners")),
        ("asymmetric", _set(coordinate_transformation_mode="asymmetric")),
    ),
    "Add": (("became a difference", _become("Sub")),),
    "Sub": (("became a sum", _become("Add")),),
    "Mul": (("became a sum", _become("Add")),),
}


def names_of(model: keras.Model) -> frozenset[str]:
    """Return the names of all layers, those of nested models and wrappers included."""
    inner = model._flatten_layers(include_self=False, recursive=True)
    return frozenset(layer.name for layer in inner)


def write_broken(bundle: Path, folder: Path, change: Callable[[ModelProto], None]) -> Path:
    """Copy a bundle with its graph changed, and a manifest that knows the changed file."""
    shutil.copytree(bundle, folder)
    path = folder / "model.onnx"
    model = onnx.load(str(path))
    change(model)
    onnx.save(model, str(path))
    manifest = read_manifest(folder)
    file = replace(manifest.model, sha256=sha256_of(path), size_bytes=str(path.stat().st_size))
    write_manifest(folder, replace(manifest, model=file))
    return folder


def add_misread_nothing(value: str) -> Callable[[ModelProto], None]:
    """Add 0 to a value, in a way that OpenCV's classic engine does not compute as 0.

    A mean over three axes, which it gets wrong (seen in 5.0.0), less the same in two steps.
    """

    def apply(model: ModelProto) -> None:
        graph = model.graph
        first = next(k for k, n in enumerate(graph.node) if value in n.input)
        for node in graph.node:
            node.input[:] = ["nothing/sum" if n == value else n for n in node.input]
        mean = ("ReduceMean", "nothing/mean", [value], {"axes": [1, 2, 3]})
        rows = ("ReduceMean", "nothing/rows", [value], {"axes": [2, 3]})
        same = ("ReduceMean", "nothing/same", ["nothing/rows"], {"axes": [1]})
        less = ("Sub", "nothing/less", ["nothing/mean", "nothing/same"], {})
        total = ("Add", "nothing/sum", [value, "nothing/less"], {})
        shape = _shape_of(model, value)
        made = []
        for op, name, inputs, attributes in (mean, rows, same, less, total):
            made.append(helper.make_node(op, inputs, [name], name=name, **attributes))
            size = {"nothing/sum": shape, "nothing/rows": [*shape[:2], 1, 1]}.get(name, [1] * 4)
            graph.value_info.append(
                helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, size)
            )
        for k, node in enumerate(made):
            graph.node.insert(first + k, node)

    return apply


def _shape_of(model: ModelProto, value: str) -> list[int]:
    found = next(v for v in model.graph.value_info if v.name == value)
    return [d.dim_value for d in found.type.tensor_type.shape.dim]
