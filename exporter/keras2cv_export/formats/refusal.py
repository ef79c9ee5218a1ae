"""A part of the graph that older OpenCVs refuse: some would load the file and compute it wrongly.

A zero is added to an input or an output. A node of constants makes it, which the OpenCVs that the
file is for fold away while they load it; older ones, read by hand, refuse the node. Valid ONNX, and
exact but for the sign of a zero.

Measured with wheels of 4.6, 4.8, 4.9, 4.10, 4.12, 4.14 and both engines of 5.0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import onnx_ir as ir

from keras2cv.net.opencv import version_tuple
from keras2cv_export.graph.edit import Array, free_name, new_constant, shape_of

_ZERO: Final = np.zeros(1, np.float32)
_PLACE: Final = np.zeros(1, np.int64)


@dataclass(frozen=True)
class Form:
    """A node that makes a zero of constants.

    Attributes:
        since: The first OpenCV that reads it.
        opset: The first opset that has it.
        op: Its op.
        operands: Its inputs.
        attributes: Its attributes.
    """

    since: tuple[int, int]
    opset: int
    op: str
    operands: tuple[Array, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)


# The newest first.
FORMS: Final = (
    Form((5, 0), 9, "Where", (np.ones(1, np.bool_), _ZERO, _ZERO)),
    Form((4, 10), 10, "Mod", (_ZERO, np.ones(1, np.float32)), {"fmod": 1}),
    Form((4, 9), 11, "GatherElements", (_ZERO, _PLACE), {"axis": 0}),
    Form((4, 8), 11, "ScatterElements", (_ZERO, _PLACE, _ZERO), {"axis": 0}),
)


def refuse_older(model: ir.Model, oldest: str) -> bool:
    """Let OpenCVs refuse a graph that are older than `oldest`, as far as a form is known.

    Returns:
        Whether the graph was changed: not where any OpenCV may read it, nor where it has neither
        an input nor an output of float32 that a node reads or makes.
    """
    version, opset = version_tuple(oldest)[:2], model.opset_imports.get("", 0)
    known = (form for form in FORMS if form.since <= version and form.opset <= opset)
    form, place = next(known, None), _smallest(model.graph)
    if form is None or place is None:
        return False
    _add_zero(model, place, form)
    return True


def _smallest(graph: ir.Graph) -> ir.Value | None:
    """Return the input or output of the fewest numbers, which cost the least to copy."""
    read = [value for value in graph.inputs if list(value.uses())]
    made = [value for value in graph.outputs if value.producer() is not None]
    floats = [
        value
        for value in dict.fromkeys((*made, *read))
        if value.dtype == ir.DataType.FLOAT and shape_of(value)
    ]
    return min(floats, key=lambda value: math.prod(shape_of(value) or ()), default=None)


def _add_zero(model: ir.Model, place: ir.Value, form: Form) -> None:
    graph, producer = model.graph, place.producer()
    operands = [new_constant(model, array, place, "refusal") for array in form.operands]
    node = ir.node(form.op, operands, form.attributes, name=f"needs_opencv_{_dotted(form)}")
    zero = node.outputs[0]
    zero.name, zero.dtype = free_name(model, f"{place.name}/zero"), ir.DataType.FLOAT
    zero.shape = ir.Shape(_ZERO.shape)
    add = ir.node("Add", [place, zero], name=f"{node.name}/add")
    summed = add.outputs[0]
    summed.dtype, summed.shape = ir.DataType.FLOAT, place.shape
    summed.name = f"{place.name}/summed"
    for use in list(place.uses()):
        if use.node is not add:
            use.node.replace_input_with(use.idx, summed)
    if producer is None:
        graph.insert_before(graph[0], [node, add])
        return
    graph.insert_after(producer, [node, add])
    for k, output in enumerate(graph.outputs):
        if output is place:
            graph.outputs[k] = summed
    place.name, summed.name = summed.name, place.name


def _dotted(form: Form) -> str:
    return ".".join(map(str, form.since))
