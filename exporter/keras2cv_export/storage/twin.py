"""The twin of a file with smaller weights: the same numbers in float32, in a graph made anew.

What storing costs says little about an error: eight bits are allowed hundredths. So a stored file
is held to float32's tolerance in three steps, none of which takes the file's word for anything:

1. The graph, made from the Keras model anew, computes what the model computes.
2. Each stored number is its weight in that graph, to within the rounding of the storage.
3. The file computes what that graph computes with the file's numbers in place of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx_ir as ir

from keras2cv.errors import Keras2cvError
from keras2cv.schema.vocabulary import Storage
from keras2cv_export.convert import convert_unchecked, formed
from keras2cv_export.graph.edit import constant, replace
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.passes import COMPRESS
from keras2cv_export.passes.fixpoint import rewrite
from keras2cv_export.targets.target import Target

Array = np.ndarray[Any, Any]

# Half a step of rounding, and what the graph's own arithmetic may differ by between machines.
_HALF_STEP: Final = 0.501
_HALF_PRECISION: Final = 2.0**-11 * 1.002
_LEAST_HALF: Final = 2.0**-25  # half of float16's smallest number
_DECODERS: Final = ("DequantizeLinear", "Cast")


@dataclass(frozen=True)
class Twin:
    """A graph made anew, and the same graph with a file's numbers.

    Attributes:
        graph: With the model's own weights, in float32.
        decoded: With the file's.
        misfits: Sentences on numbers of the file that are not the model's.
    """

    graph: ir.Model
    decoded: ir.Model
    misfits: tuple[str, ...]


def find_twin(
    file: Path,
    loaded: LoadedModel,
    storage: Storage,
    opencv: str,
    rewrites: Collection[str] | None = None,
) -> Twin | None:
    """Make the graph of a bundle's model anew; None where it is another one than the file's.

    Args:
        file: The bundle's ONNX file.
        loaded: The model.
        storage: How the file stores its weights.
        opencv: The oldest OpenCV that the bundle is for.
        rewrites: The optional rewrites that tuning chose; None: the target's.
    """
    stored = ir.load(file)
    for target in _targets(opencv):
        try:
            graph = _made_anew(loaded, target, rewrites)
        except Keras2cvError:
            continue
        twin = make_twin(stored, graph, storage)
        if twin is not None:
            return twin
    return None


def _made_anew(loaded: LoadedModel, target: Target, rewrites: Collection[str] | None) -> ir.Model:
    if rewrites is None:
        return convert_unchecked(loaded, target).model
    return formed(convert_unchecked(loaded, target, keep=True), target, rewrites).model


def make_twin(stored: ir.Model, graph: ir.Model, storage: Storage) -> Twin | None:
    """Put a file's numbers into a graph; None where they do not fit there.

    Args:
        stored: The file's graph, whose kernels are stored smaller.
        graph: The same made anew, in float32; it is not changed.
        storage: How the file stores them.
    """
    packed = graph.clone()
    rewrite(packed, COMPRESS[storage])
    found, expected = list(_decoders(stored)), list(_decoders(packed))
    if [_shape(one) for one in found] != [_shape(one) for one in expected]:
        return None
    misfits: list[str] = []
    for ours, theirs in zip(expected, found, strict=True):
        numbers = _decode(theirs)
        if _misfits(numbers, _original(graph, ours), ours):
            misfits.append(str(ours.outputs[0].name))
        _put(packed, ours, numbers)
    return Twin(graph, packed, _sentence(misfits))


def _targets(opencv: str) -> Iterator[Target]:
    """Yield the targets for which such a file may have been made, the most likely first."""
    yield Target.parse()
    for engine in (None, "classic", "new"):
        for version in (opencv, None):
            try:
                yield Target.parse(version, engine)
            except Keras2cvError:
                continue


def _decoders(model: ir.Model) -> Iterator[ir.Node]:
    """Yield the nodes that make kernels of stored numbers."""
    for node in model.graph:
        if node.op_type in _DECODERS and constant(node.inputs[0]) is not None:
            yield node


def _shape(decoder: ir.Node) -> tuple[str, tuple[int, ...]]:
    array = constant(decoder.inputs[0])
    assert array is not None  # noqa: S101 - `_decoders` looked
    return decoder.op_type, array.shape


def _decode(decoder: ir.Node) -> Array:
    """Compute what OpenCV computes when it loads the net."""
    array = constant(decoder.inputs[0])
    assert array is not None  # noqa: S101 - `_decoders` looked
    if decoder.op_type == "Cast":
        return array.astype(np.float32)
    return array.astype(np.float32) * _scales(decoder, array.ndim)


def _scales(decoder: ir.Node, rank: int) -> Array:
    scales = constant(decoder.inputs[1])
    assert scales is not None  # noqa: S101 - an initializer, like the steps
    return scales.reshape(-1, *[1] * (rank - 1)).astype(np.float32)


def _original(graph: ir.Model, decoder: ir.Node) -> Array:
    kernel = constant(graph.graph.initializers[str(decoder.outputs[0].name)])
    assert kernel is not None  # noqa: S101 - COMPRESS stored this one
    return kernel


def _misfits(numbers: Array, kernel: Array, decoder: ir.Node) -> bool:
    """Whether a number is further from its weight than the storage rounds."""
    if decoder.op_type == "Cast":
        allowed = np.maximum(_HALF_PRECISION * np.abs(kernel), _LEAST_HALF)
    else:
        allowed = _HALF_STEP * _scales(decoder, kernel.ndim)
    return bool((~(np.abs(numbers - kernel) <= allowed)).any())


def _put(model: ir.Model, decoder: ir.Node, numbers: Array) -> None:
    """Make an initializer of float32 of a decoded kernel, under its name."""
    old = decoder.outputs[0]
    name = str(old.name)
    value = ir.Value(
        name=name, shape=ir.Shape(numbers.shape), type=ir.TensorType(ir.DataType.FLOAT)
    )
    value.const_value = ir.tensor(np.ascontiguousarray(numbers), name=name)
    old.name = f"{name}/decoded"
    model.graph.register_initializer(value)
    replace(old, value)
    model.graph.remove(decoder, safe=True)


def _sentence(misfits: list[str]) -> tuple[str, ...]:
    if not misfits:
        return ()
    more = f" (and {len(misfits) - 1} more)" if len(misfits) > 1 else ""
    return (
        f"The file's numbers of {misfits[0]}{more} are not the model's weights, rounded: some are "
        "further off than the storage rounds.",
    )
