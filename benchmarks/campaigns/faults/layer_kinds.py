"""Faults in graphs of many kinds of layers, in recurrent ones, and in a bundle's second file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import onnx
from onnx import numpy_helper

from .fault import Array, Fault

Change = Callable[[Any], None]


def _nodes(graph: Any, kind: str) -> list[Any]:
    return [node for node in graph.node if node.op_type == kind]


def attribute(kind: str, name: str, change: Callable[[Any], Any], index: int = 0) -> Change:
    """Return a change of an attribute of the `index`-th node of a kind."""

    def edit(graph: Any) -> None:
        node = _nodes(graph, kind)[index]
        old = next((a for a in node.attribute if a.name == name), None)
        value = None if old is None else onnx.helper.get_attribute_value(old)
        if old is not None:
            node.attribute.remove(old)
        new = change(value)
        if new is not None:
            node.attribute.append(onnx.helper.make_attribute(name, new))

    return edit


def weight(kind: str, place: int, change: Callable[[Array], Array], index: int = 0) -> Change:
    """Return a change of the constant input `place` of the `index`-th node that has one."""

    def edit(graph: Any) -> None:
        tensors = {t.name: t for t in graph.initializer}
        having = [
            n for n in _nodes(graph, kind) if len(n.input) > place and n.input[place] in tensors
        ]
        tensor = tensors[having[index].input[place]]
        old = numpy_helper.to_array(tensor)
        new = np.ascontiguousarray(change(old.copy())).astype(old.dtype)
        if np.array_equal(new, old):
            raise AssertionError(f"{kind} is as before")
        tensor.CopyFrom(numpy_helper.from_array(new, tensor.name))

    return edit


def turned_inputs(kind: str, index: int = 0) -> Change:
    """Return a change of the order of a node's inputs."""

    def edit(graph: Any) -> None:
        node = _nodes(graph, kind)[index]
        names = list(node.input)[::-1]
        del node.input[:]
        node.input.extend(names)

    return edit


def _channel(change: Callable[[Array], Array], number: int = 1) -> Callable[[Array], Array]:
    def edit(values: Array) -> Array:
        values[number] = change(values[number])
        return values

    return edit


def _gates(order: tuple[int, ...]) -> Callable[[Array], Array]:
    """Put the gates of a recurrent node's weights (directions, gates * units, ...) otherwise."""
    return lambda w: np.concatenate([np.split(w, len(order), axis=1)[k] for k in order], axis=1)


def _rounded(kernel: Array) -> Array:
    step = np.abs(kernel).max() / 127
    return np.asarray(np.round(kernel / step) * step)


def _recurrent_transposed(weights: Array) -> Array:
    gates = np.split(weights, 4, axis=1)
    return np.concatenate([gate.swapaxes(1, 2) for gate in gates], axis=1)


_MIXED: Final[Mapping[str, Change]] = {
    "a channel of zeros": weight("Conv", 1, _channel(np.zeros_like)),
    "a channel's sign": weight("Conv", 1, _channel(np.negative)),
    "a channel 2 % larger": weight("Conv", 1, _channel(lambda x: x * 1.02), 1),
    "a bias forgotten": weight("Conv", 2, np.zeros_like, 2),
    "a bias of the neighbour": weight("Conv", 2, lambda b: np.roll(b, 1), 1),
    "input channels in another order": weight("Conv", 1, lambda k: np.roll(k, 1, axis=1), 1),
    "kernels mirrored": weight("Conv", 1, lambda k: k[..., ::-1]),
    "kernels transposed": weight("Conv", 1, lambda k: k.swapaxes(2, 3)),
    "rounded to 8 bits": weight("Conv", 1, _rounded, 1),
    "a leak of 0.3": attribute("LeakyRelu", "alpha", lambda _: 0.3),
    "an alpha of ELU": attribute("Elu", "alpha", lambda _: 0.9),
    "an edge of ReLU": weight("Mul", 1, lambda x: x * 1.1),
    "a slope of PReLU": weight("BatchNormalization", 1, lambda x: x * 1.2),
    "pooling padded elsewhere": attribute("MaxPool", "pads", lambda p: [*p[2:], *p[:2]]),
    "means padded elsewhere": attribute("AveragePool", "pads", lambda p: [*p[2:], *p[:2]]),
    "concatenated in another order": turned_inputs("Concat"),
    "enlarged asymmetrically": attribute(
        "Resize", "coordinate_transformation_mode", lambda _: "asymmetric", 1
    ),
    "enlarged by the nearest": attribute("Resize", "mode", lambda _: "nearest", 1),
    "zeros on the other side": weight("Pad", 1, lambda p: np.roll(p, 4)),
    "keys for queries": turned_inputs("MatMul", 2),
    "a softmax of another axis": attribute("Softmax", "axis", lambda _: 2),
}

_RECURRENT: Final[Mapping[str, Change]] = {
    "one way turned round": attribute("LSTM", "direction", lambda _: "forward"),
    "gates in another order": weight("LSTM", 1, _gates((0, 2, 1, 3))),
    "forget gate's bias": weight("LSTM", 3, lambda b: np.where(abs(b) > 0.9, 0, b)),
    "recurrent weights 5 % smaller": weight("LSTM", 2, lambda r: r * 0.95),
    "recurrent weights transposed": weight("LSTM", 2, _recurrent_transposed),
    "update and reset exchanged": weight("GRU", 1, _gates((1, 0, 2)), 1),
    "a state that begins at 0.1": weight("GRU", 5, lambda h: h + 0.1, 1),
    "another activation": attribute("GRU", "activations", lambda _: ["HardSigmoid", "Tanh"], 1),
    "ways concatenated in another order": turned_inputs("Concat"),
}


def _states(change: Callable[[list[Any]], list[Any]]) -> Mapping[str, Any]:
    return {"states": change}


def _outputs_of_states(old: list[Any]) -> list[Any]:
    names = [link["output"] for link in old]
    turned = [names[1], names[0], *names[2:]]
    return [{**link, "output": name} for link, name in zip(old, turned, strict=True)]


_STATES: Final = {
    "two states exchanged": _states(_outputs_of_states),
    "one state forgotten": _states(lambda old: old[1:]),
}
_TENSORS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "mixed": {
        "an output said to be whole": {"outputs.0.dtype": "int32"},
        "an output said to be the same for all": {"outputs.0.batched": 0},
    },
    "segment": {"an output's layout": {"outputs.0.layout": "same"}},
    "raw": {"an input said to be whole": {"inputs.0.dtype": "int32"}},
    "classify": {
        "another model's digest": {"source.sha256": "0" * 64},
        "fusion off": {"engine.fusion": 0},
        "4.6 said of newer": {"model.opencv": "4.5"},
    },
}


def _all() -> Iterator[Fault]:
    for what, change in _MIXED.items():
        yield Fault("mixed", "net", what, graph=change)
    for what, change in _RECURRENT.items():
        yield Fault("recurrent", "net", what, graph=change)
    for what, changes in _STATES.items():
        yield Fault("streaming", "states", what, changes)
    for subject, table in _TENSORS.items():
        for what, changes in table.items():
            yield Fault(subject, "tensors", what, changes)
    sign = weight("Conv", 1, _channel(np.negative))
    yield Fault("two files", "net", "a channel's sign in the first file", graph=sign)
    second = "model.5.0.onnx"
    yield Fault("two files", "net", "a channel's sign in the second file", graph=sign, file=second)
    forms = "forms.0.runs"
    yield Fault("two files", "proof", "evidence of the second file: a limit of 0.99",
                {forms: lambda old: _limits(old, limit=0.99)})  # fmt: skip
    yield Fault("two files", "proof", "evidence of the second file: errors of 1e-15",
                {forms: lambda old: _limits(old, measured=1e-15)})  # fmt: skip


def _limits(old: list[Any], **changes: Any) -> list[Any]:
    return [{**run, "outputs": [{**o, **changes} for o in run["outputs"]]} for run in old]


LAYER_FAULTS: Final = list(_all())
