"""Upsample and Resize: the forms of opsets 7, 9, 10, 18 and 19 in that of 13."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    integer,
    new_constant,
    new_node,
    shape_of,
    substitute,
)
from keras2cv_export.importing.refused_form import RefusedFormError


def _text(node: ir.Node, name: str, default: str) -> str:
    attribute = node.attributes.get(name)
    return default if attribute is None else str(attribute.as_string())


def _sizes(node: ir.Node) -> tuple[tuple[int, ...], tuple[int, ...]]:
    before, after = shape_of(node.inputs[0]), shape_of(node.outputs[0])
    if before is None or after is None:
        raise RefusedFormError("its size depends on values")
    return before, after


def _upsample(model: ir.Model, node: ir.Node, _: int) -> None:
    """Until opset 10, a pixel's place is its number times the factor, and it is rounded down."""
    before, after = _sizes(node)
    attributes: dict[str, Any] = {
        "mode": _text(node, "mode", "nearest"),
        "coordinate_transformation_mode": "asymmetric",
    }
    if attributes["mode"] == "nearest":
        attributes["nearest_mode"] = "floor"
    scales = (
        _stated_scales(node, 1)
        if "scales" not in node.attributes
        else np.array(node.attributes["scales"].as_floats(), np.float32)
    )
    _require_whole(scales, before, after)
    _put(model, node, attributes)


def _stated_scales(node: ir.Node, k: int) -> Array | None:
    return constant(node.inputs[k]) if k < len(node.inputs) else None


def _require_whole(scales: Array | None, before: Sequence[int], after: Sequence[int]) -> None:
    """Refuse factors that say more than the sizes: a pixel's place follows from the factor."""
    if scales is None or scales.size != len(before):
        return
    exact = np.array(before) * scales.astype(np.float64)
    if not np.allclose(exact, after, atol=1e-3):
        shown = ", ".join(f"{size:g}" for size in exact)
        raise RefusedFormError(
            f"its factors make a picture of {shown} pixels, which is no whole number"
        )


def _put(model: ir.Model, node: ir.Node, attributes: Mapping[str, Any]) -> None:
    output = node.outputs[0]
    sizes = new_constant(model, np.array(shape_of(output), np.int64), output, "sizes")
    inputs = [node.inputs[0], None, None, sizes]
    substitute(node, new_node(node, "Resize", inputs, attributes, like=output))


def _resize(model: ir.Model, node: ir.Node, opset: int) -> None:
    if opset < 11:
        _upsample(model, node, opset)
        return
    before, after = _sizes(node)
    mode = _text(node, "coordinate_transformation_mode", "half_pixel")
    if mode == "tf_crop_and_resize":
        raise RefusedFormError("it resizes a part of the picture that is given as numbers")
    grows = all(b <= a for b, a in zip(before, after, strict=True))
    if integer(node, "antialias", 0) and not grows and _text(node, "mode", "nearest") != "nearest":
        raise RefusedFormError("it makes pictures smaller with antialiasing")
    _require_whole(_full_scales(node, len(before)), before, after)
    if mode == "half_pixel_symmetric":
        mode = "half_pixel"
    if mode == "pytorch_half_pixel":
        if any(a == 1 < b for b, a in zip(before, after, strict=True)):
            raise RefusedFormError("it makes one pixel of several, as PyTorch does")
        mode = "half_pixel"
    kept = ("mode", "nearest_mode", "cubic_coeff_a", "exclude_outside", "extrapolation_value")
    attributes: dict[str, Any] = {
        name: node.attributes[name].value for name in kept if name in node.attributes
    }
    attributes["coordinate_transformation_mode"] = mode
    _put(model, node, attributes)


def _full_scales(node: ir.Node, rank: int) -> Array | None:
    scales = _stated_scales(node, 2)
    axes = node.attributes.get("axes")
    if scales is None or not scales.size or axes is None:
        return scales if scales is not None and scales.size else None
    full = np.ones(rank, np.float32)
    full[[axis % rank for axis in axes.as_ints()]] = scales
    return full


FORMS: Final[Mapping[str, Callable[[ir.Model, ir.Node, int], None]]] = {
    "Resize": _resize,
    "Upsample": _upsample,
}
