"""Bounds on what a file makes this machine compute before there is a net.

A file of a kilobyte may ask for the product of two matrices that it makes itself. What depends on
weights alone is computed at export, so it is estimated here first, from the sizes.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Final

import onnx_ir as ir

from keras2cv.errors import ModelError
from keras2cv_export.graph.edit import integer, shape_of
from keras2cv_export.targets.importer_support import layer_of

_SPARE_NUMBERS: Final = 2**25  # made of constants, beside what the weights allow
_PER_WEIGHT: Final = 16
_MOST_PRODUCTS: Final = 2**36  # multiply-adds: a second or two
_MOST_BY_LOOPS: Final = 2**18  # numbers that ONNX's reference works through one by one
_PRODUCTS: Final = ("Einsum", "Gemm", "MatMul", "MatMulInteger")
# In ONNX's reference implementation: loops of Python, regular expressions, decoders of pictures.
_BY_LOOPS: Final = (
    *("AffineGrid", "AveragePool", "CenterCropPad", "Col2Im", "Conv", "ConvInteger"),
    *("ConvTranspose", "DFT", "DeformConv", "GRU", "GatherND", "GridSample", "LRN", "LSTM"),
    *("LpPool", "MaxPool", "MaxUnpool", "MelWeightMatrix", "NonMaxSuppression", "RNN", "Resize"),
    *("RoiAlign", "STFT", "ScatterElements", "ScatterND", "TfIdfVectorizer", "TopK", "Unique"),
    *("Upsample",),
)
_NEVER: Final = (
    *("ImageDecoder", "RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit"),
)


def require_cheap_constants(model: ir.Model) -> None:
    """Refuse a graph whose constants grow far beyond its weights, or take minutes to compute.

    Raises:
        ModelError: The node is named.
    """
    weights = sum(prod(shape_of(value) or ()) for value in model.graph.initializers.values())
    most = _SPARE_NUMBERS + _PER_WEIGHT * weights
    made = products = 0
    for node in _of_constants(model):
        made += sum(prod(shape_of(output) or ()) for output in node.outputs)
        products += _products(node)
        if made > most or products > _MOST_PRODUCTS:
            what = f"{made} numbers" if made > most else f"{products} multiply-adds"
            raise ModelError(
                f"The ONNX model computes {what} of its weights alone, up to "
                f"{layer_of(str(node.name))}, far more than {weights} weights need. "
                "Save it with the results in the place of these nodes."
            )


def is_worth_folding(node: ir.Node) -> bool:
    """Whether a node of constants can be computed at once; if not, it stays in the graph."""
    if node.op_type in _NEVER:
        return False
    if node.op_type not in _BY_LOOPS:
        return True
    sizes = [prod(shape_of(value) or ()) for value in (*node.inputs, *node.outputs) if value]
    return sum(sizes) <= _MOST_BY_LOOPS


def _of_constants(model: ir.Model) -> Iterator[ir.Node]:
    known = set(model.graph.initializers.values())
    for node in model.graph:
        if all(v is None or v in known or v.const_value is not None for v in node.inputs):
            known.update(node.outputs)
            yield node


def _products(node: ir.Node) -> int:
    """Return about how many multiply-adds a product of matrices is; 0 for all other ops."""
    if node.op_type not in _PRODUCTS:
        return 0
    shapes = [shape_of(value) or () for value in node.inputs]
    made = shape_of(node.outputs[0])
    if node.op_type == "Einsum" or made is None or not shapes[0]:
        return prod(prod(shape) for shape in shapes)
    is_turned = node.op_type == "Gemm" and integer(node, "transA", 0)
    return prod(made) * shapes[0][0 if is_turned else -1]
