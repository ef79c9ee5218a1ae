"""The place of a convolution's or pooling's window: strides, dilations and padding, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import onnx_ir as ir

from keras2cv_export.graph.edit import integer, ints

from .graph import sizes


@dataclass(frozen=True)
class Window:
    """One window over the axes behind the channels.

    Attributes:
        extent: Of the input.
        kernel, strides, dilations: Of the window, along each axis.
        before, after: Padding, along each axis.
    """

    extent: tuple[int, ...]
    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def is_padded(self) -> bool:
        """Whether there is any padding."""
        return any(self.before) or any(self.after)

    @property
    def is_even(self) -> bool:
        """Whether there is as much padding before as after."""
        return self.before == self.after

    @property
    def is_same(self) -> bool:
        """Whether OpenCV's `SAME` gives this padding.

        `SAME` gives ceil(extent / stride) numbers, places the first of them as getConvPoolPaddings
        in layers_common.cpp does, and knows no dilations.
        """
        if set(self.dilations) != {1}:
            return False
        return all(map(_is_same, self.extent, self.kernel, self.strides, self.before, self.after))

    @property
    def padding(self) -> str:
        """TensorFlow's word for the padding: VALID, SAME, or EXPLICIT where neither is it."""
        if not self.is_padded:
            return "VALID"
        return "SAME" if self.is_same else "EXPLICIT"

    def of_image(self) -> Window:
        """Return the window of a line, as one of an image with a single row."""
        if len(self.kernel) != 1:
            return self
        return Window(
            (1, *self.extent), (1, *self.kernel), (1, *self.strides), (1, *self.dilations),
            (0, *self.before), (0, *self.after),
        )  # fmt: skip

    def unpadded(self) -> Window:
        """Return the window over an input that has been padded."""
        wide = tuple(map(sum, zip(self.extent, self.before, self.after, strict=True)))
        none = (0,) * len(wide)
        return replace(self, extent=wide, before=none, after=none)


def _is_same(extent: int, kernel: int, stride: int, before: int, after: int) -> bool:
    begin = (kernel - 1 - (extent - 1 + stride) % stride) // 2 if stride <= kernel else 0
    steps = (extent + before + after - kernel) // stride + 1
    return before == begin and steps == -(-extent // stride)


def window_of(node: ir.Node, kernel: Sequence[int]) -> Window:
    """Read a window from an ONNX node."""
    extent, rank = sizes(node.inputs[0])[2:], len(kernel)
    strides, dilations = (ints(node, name, (1,) * rank) for name in ("strides", "dilations"))
    pads = ints(node, "pads", (0,) * 2 * rank)
    word = node.attributes["auto_pad"].as_string() if "auto_pad" in node.attributes else "NOTSET"
    before, after = pads[:rank], pads[rank:]
    if word.startswith("SAME"):
        spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
        totals = [
            max((-(-n // s) - 1) * s + span - n, 0)
            for n, s, span in zip(extent, strides, spans, strict=True)
        ]
        before = tuple(t // 2 if word == "SAME_UPPER" else t - t // 2 for t in totals)
        after = tuple(t - b for t, b in zip(totals, before, strict=True))
    elif integer(node, "ceil_mode", 0):
        after = tuple(map(_rounded_up, extent, kernel, strides, before, after))
    return Window(tuple(extent), tuple(kernel), strides, dilations, before, after)


def _rounded_up(extent: int, kernel: int, stride: int, before: int, after: int) -> int:
    """Return the padding behind with which rounding down gives as many steps as rounding up."""
    rest = (extent + before + after - kernel) % stride
    return after + (stride - rest if rest else 0)
