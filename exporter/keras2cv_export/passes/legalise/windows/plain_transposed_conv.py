"""Write a transposed convolution as every OpenCV reads it: 2-D, pads of equal size, no dilation.

    dilations=2        ->  the kernel spread with zeros, (k - 1) d + 1 wide
    pads=(-1, .., -1)  ->  pads=(0, .., -2), as TensorFlow adds behind and never in front
    pads=(1, .., 0)    ->  pads=(1, .., 1), output_padding=1
    1-D (n, c, w)      ->  2-D (n, c, 1, w)

OpenCV up to 4.14 refuses dilation. tf2onnx writes negative pads for Keras' output_padding and for
strides beyond the kernel, shared between front and back; they are no valid ONNX, and every OpenCV
refuses them. The classic engine of 5.0 computes 1-D wrongly; older versions refuse it. Exact: the
products are the same, beside zeros.

out[i s + j d - begin] += x[i] w[j]: `end` cuts off elements, or adds ones that no product reaches.
If it adds more than stride - 1, zeros behind w reach the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from keras2cv_export.graph.edit import (
    Array,
    constant,
    integer,
    ints,
    new_constant,
    new_node,
    nodes,
    reshape,
    shape_of,
    substitute,
)


@dataclass
class _Window:
    """One axis: `begin` and `end` are cut off the full result; negative ones add to it."""

    stride: int
    begin: int
    end: int
    extra: int = 0  # output_padding

    def is_settled(self) -> bool:
        """Whether every OpenCV, given a Slice after it, reads it so."""
        if self.extra:
            return 0 <= self.begin == self.end and self.extra < self.stride
        return 0 <= self.begin <= self.end

    def settle(self) -> tuple[int, int]:
        """Choose pads that are 0 or more; return the zeros to put before and after the kernel."""
        end = self.end - self.extra + min(0, self.begin)
        self.begin = max(0, self.begin)
        self.end, self.extra = max(end, self.begin), 0
        if end >= self.begin:
            return 0, 0
        self.extra = min(self.begin - end, self.stride - 1)
        return 0, self.begin - self.extra - end


def plain_transposed_conv(model: ir.Model) -> int:
    """Rewrite in place; return how many nodes changed."""
    return sum(_rewrite(model, node) for node in nodes(model, "ConvTranspose"))


def _rewrite(model: ir.Model, node: ir.Node) -> int:
    kernel, data = constant(node.inputs[1]), shape_of(node.inputs[0])
    windows = _windows(node, data, kernel)
    if kernel is None or data is None or windows is None or _is_plain(node, data, windows):
        return 0
    kernel = _spread(kernel, ints(node, "dilations", [1] * len(windows)))
    zeros = [window.settle() for window in windows]
    kernel = np.pad(kernel, [(0, 0), (0, 0), *zeros])
    if len(windows) == 1:
        windows, kernel = [_Window(1, 0, 0), *windows], kernel[:, :, None]
    _rebuild(model, node, kernel, windows, data)
    return 1


def _windows(
    node: ir.Node, data: tuple[int, ...] | None, kernel: Array | None
) -> list[_Window] | None:
    """Return the axes, automatic padding resolved; None where it cannot be."""
    if data is None or kernel is None:
        return None
    rank = len(data) - 2
    strides, extras = ints(node, "strides", [1] * rank), ints(node, "output_padding", [0] * rank)
    automatic = node.attributes["auto_pad"].as_string() if "auto_pad" in node.attributes else ""
    wanted = ints(node, "output_shape")[-rank:]
    pads = ints(node, "pads", [0] * 2 * rank)
    if automatic.startswith("SAME") and not wanted:
        wanted = tuple(n * s for n, s in zip(data[2:], strides, strict=True))
    if not wanted:
        return [
            _Window(s, b, e, x)
            for s, b, e, x in zip(strides, pads[:rank], pads[rank:], extras, strict=True)
        ]
    dilations = ints(node, "dilations", [1] * rank)
    windows = []
    for k, out in enumerate(wanted):
        full = (data[2 + k] - 1) * strides[k] + (kernel.shape[2 + k] - 1) * dilations[k] + 1
        total = full + extras[k] - out
        half = total // 2 if automatic == "SAME_UPPER" else total - total // 2
        windows.append(_Window(strides[k], half, total - half, extras[k]))
    return windows


def _is_plain(node: ir.Node, data: tuple[int, ...], windows: list[_Window]) -> bool:
    automatic = node.attributes["auto_pad"].as_string() if "auto_pad" in node.attributes else ""
    written_out = automatic in ("", "NOTSET") and not ints(node, "output_shape")
    return (
        written_out
        and len(data) > 3
        and set(ints(node, "dilations", [1])) == {1}
        and all(window.is_settled() for window in windows)
        and "kernel_shape" in node.attributes
        and shape_of(node.outputs[0]) is not None
    )


def _spread(kernel: Array, dilations: tuple[int, ...]) -> Array:
    for axis, dilation in enumerate(dilations, 2):
        shape = list(kernel.shape)
        shape[axis] = (shape[axis] - 1) * dilation + 1
        spread = np.zeros(shape, kernel.dtype)
        spread[(slice(None),) * axis + (slice(None, None, dilation),)] = kernel
        kernel = spread
    return kernel


def _rebuild(
    model: ir.Model, node: ir.Node, kernel: Array, windows: list[_Window], data: tuple[int, ...]
) -> None:
    output, group = node.outputs[0], integer(node, "group", 1)
    value = node.inputs[0]
    assert value is not None  # noqa: S101 - a convolution has an input
    shape = data if len(data) > 3 else (*data[:2], 1, data[2])
    value = reshape(model, node, value, shape, like=output)
    sizes = [
        (n - 1) * w.stride + k - w.begin - w.end + w.extra
        for n, w, k in zip(shape[2:], windows, kernel.shape[2:], strict=True)
    ]
    attributes = {
        "kernel_shape": kernel.shape[2:],
        "strides": [w.stride for w in windows],
        "pads": [w.begin for w in windows] + [w.end for w in windows],
        "group": group,
    }
    if any(w.extra for w in windows):
        attributes["output_padding"] = [w.extra for w in windows]
    inputs = [value, new_constant(model, kernel, output), *node.inputs[2:]]
    full = [shape[0], kernel.shape[1] * group, *sizes]
    made = new_node(node, "ConvTranspose", inputs, attributes, like=output, shape=full)
    narrow = full if len(data) > 3 else [*full[:2], full[3]]
    substitute(node, reshape(model, node, made, narrow, like=output))
