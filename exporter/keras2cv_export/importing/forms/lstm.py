"""LSTM, in the form of the op that every OpenCV computes.

Exporters state what is so by default: tf2onnx the usual activations, which OpenCV refuses of a
layer that goes both ways, and PyTorch's newer one that gates are apart and steps come first. It is
left out. Only the functions of one way may be others, the sigmoid and tanh, under ONNX' own names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import onnx_ir as ir

from keras2cv_export.graph.edit import integer, shape_of
from keras2cv_export.importing.refused_form import RefusedFormError

from .attributes import known

_USUAL: Final = ["Sigmoid", "Tanh", "Tanh"]
_FUNCTIONS: Final = ("Sigmoid", "Tanh")
_OFF: Final = ("input_forget", "layout")  # whole numbers that are 0 by default
_OF_OTHERS: Final = ("activation_alpha", "activation_beta")  # which no sigmoid and no tanh has
_LENGTHS: Final = 4  # the input that has one for each sample


def _plain(_: ir.Model, node: ir.Node, __: int) -> None:
    """Leave out what ONNX has by default.

    Raises:
        RefusedFormError: It has functions or lengths that OpenCV has no op for.
    """
    if "clip" in node.attributes or integer(node, "input_forget", 0):
        raise RefusedFormError("it cuts its values off, or has one gate for two")
    if integer(node, "layout", 0):
        raise RefusedFormError("it has the batch first (layout 1)")
    _drop_usual_activations(node)
    _drop_whole_lengths(node)
    for name in (*_OFF, *_OF_OTHERS):
        node.attributes.pop(name, None)


def _drop_usual_activations(node: ir.Node) -> None:
    given = node.attributes.pop("activations", None)
    if given is None:
        return
    names = [str(name).capitalize() for name in given.as_strings()]  # in any case, as ONNX says
    if names == _USUAL * (len(names) // 3):
        return
    if len(names) != 3 or any(name not in _FUNCTIONS for name in names):
        ways = " of both ways" if len(names) > 3 else ""
        raise RefusedFormError(f"it has the activations {', '.join(names)}{ways}")
    node.attributes["activations"] = ir.AttrStrings("activations", names)


def _drop_whole_lengths(node: ir.Node) -> None:
    if len(node.inputs) <= _LENGTHS or node.inputs[_LENGTHS] is None:
        return
    shape, lengths = shape_of(node.inputs[0]), known(node, _LENGTHS, "lengths")
    if shape is None or lengths is None or (lengths != shape[0]).any():
        raise RefusedFormError("its samples have lengths of their own")
    node.replace_input_with(_LENGTHS, None)


FORMS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {"LSTM": _plain}
