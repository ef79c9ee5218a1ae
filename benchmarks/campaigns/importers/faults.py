"""Each fault of an importer that needs no rule, since a rewrite removes it from every graph.

Such a graph is refused, or silently computed wrongly, because several nodes meet or because of the
numbers that go through it. The registry of rewrites names the fault that a pass removes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .probe import Computed, Probe, index, ints, k, probe, several, x


def faults() -> Iterator[Probe]:
    """Yield one probe of each fault or more, in the form that the pass would have rewritten."""
    yield from _of_one_node()
    yield from _of_blocks()
    yield from _of_lines()
    yield from _of_weights()
    yield from _of_volumes()
    yield from _of_merging()
    yield from _of_sharing()


def _of_one_node() -> Iterator[Probe]:
    yield probe("whole quotient", "Div", index(20, 2, 5), ints(3), cast=True)
    for op in ("Sum", "Max", "Min"):
        yield probe("three operands", op, x(2, 5, 7), x(2, 5, 7), x(2, 5, 7))
    for op in ("Tanh", "Softplus"):
        yield probe("large exponent", op, _large(2, 3, 5, 7))
    yield probe("lost logarithm", "LogSoftmax", _large(2, 3, 5, 7), axis=1)
    yield several(
        "vector of positions",
        """(float[1,7] x) => (float[1] y, float[1,7] z) {
            e = Softmax <axis=1> (x)  i = ArgMax <axis=1, keepdims=0> (e)
            y = Cast <to=1> (i)  z = Exp (e)
        }""",
    )
    yield probe("axes apart", "Slice", x(4, 3, 5, 7), ints(1, 2), ints(3, 6), ints(0, 3))
    yield probe("axes apart", "Slice", x(4, 3, 5, 7), ints(2), ints(6), ints(-1))


def _of_blocks() -> Iterator[Probe]:
    """Between convolutions of channels that fill no block: what is 0 behind the last one."""
    for made in ("Log (f)", "Reciprocal (f)", "Div (a, f)"):
        yield several(
            "filled block",
            f"""(float[2,3,5,7] x) => (float[2,4,5,7] y) {{
                a = Conv <kernel_shape=[1,1]> (x, v)  f = Abs (a)
                b = {made}  y = Conv <kernel_shape=[1,1]> (b, w)
            }}""",
            v=k(3, 3, 1, 1),
            w=k(4, 3, 1, 1),
        )


def _of_lines() -> Iterator[Probe]:
    """Interpolate an axis of one pixel: the memory before a tensor is read.

    A pooling comes before it, so that the numbers before its result are not zeros.
    """
    for channels, width in ((16, 1), (16, 5), (64, 5)):
        yield several(
            "resized line",
            f"""(float[1,{channels},6,7] x) => (float[1,{channels},8,9] y) {{
                e = Exp (x)  m = MaxPool <kernel_shape=[6,{8 - width}]> (e)
                y = Resize <mode="linear", coordinate_transformation_mode="half_pixel"> (m, , , s)
            }}""",
            s=ints(1, channels, 8, 9),
        )


def _of_weights() -> Iterator[Probe]:
    row: dict[str, Any] = {"kernel_shape": [1, 9], "pads": [0, 4, 0, 4]}
    yield probe("nine taps", "Conv", x(1, 8, 6, 20), k(8, 8, 1, 9), **row)
    deep: dict[str, Any] = {"kernel_shape": [3, 3], "group": 8}
    image, kernel = x(1, 8, 6, 8), k(8, 1, 3, 3)
    yield probe("padded depthwise", "Conv", image, kernel, **deep, pads=[0, 0, 2, 2])
    yield probe(
        "padded depthwise", "Conv", image, kernel, **deep, pads=[1, 1, 1, 1], dilations=[2, 2]
    )
    pixel, around = k(8, 8, 1, 1), [1, 1, 1, 1]
    yield probe("padded pixel", "Conv", image, pixel, kernel_shape=[1, 1], pads=around)
    voxel: dict[str, Any] = {"kernel_shape": [1, 1, 1]}
    yield probe(
        "padded pixel", "Conv", x(1, 8, 4, 6, 5), k(8, 8, 1, 1, 1), **voxel, pads=[0, 0, 0, 1, 1, 1]
    )
    heavy = k(256, 256, 1, 1, 1) / 16
    yield probe("heavy volume", "Conv", x(1, 256, 8, 8, 8), heavy, **voxel, strides=[1, 1, 1])


def _of_volumes() -> Iterator[Probe]:
    yield several(
        "lost activation",
        """(float[1,8,3,5,4] x) => (float[1,8,3,5,4] y) {
            c = Conv <kernel_shape=[1,1,1], group=8> (x, w)  y = Sigmoid (c)
        }""",
        w=k(8, 1, 1, 1, 1),
    )
    yield several(
        "volume of slopes",
        """(float[1,8,3,5,4] x) => (float[1,8,3,5,4] y) {
            c = Conv <kernel_shape=[1,1,1]> (x, w)  r = Relu (c)  y = PRelu (r, s)
        }""",
        w=k(8, 8, 1, 1, 1),
        s=k(8, 1, 1, 1),
    )


def _of_merging() -> Iterator[Probe]:
    """Nodes that an importer merges into one, with another result."""
    yield several(
        "one map",
        """(float[2,8,6,8] x) => (float[2,8,6,8] y) {
            c = Conv <kernel_shape=[1,1]> (x, w)  m = Conv <kernel_shape=[1,1]> (x, v)
            s = Sigmoid (m)  y = Mul (c, s)
        }""",
        w=k(8, 8, 1, 1),
        v=k(1, 8, 1, 1),
    )
    yield several(
        "other residual",
        """(float[1,8,6,8] x, float[1,8,1,1] t) => (float[1,8,6,8] y) {
            c = Conv <kernel_shape=[1,1]> (x, w)  e = Sigmoid (t)  y = Add (c, e)
        }""",
        w=k(8, 8, 1, 1),
    )
    yield several(
        "other residual",
        "(float[7,5] x) => (float[7,7] y) { p = MatMul (x, w)  y = Add (p, column) }",
        w=k(5, 7),
        column=k(7, 1),
    )
    yield several(
        "merged product",
        "(float[2,5] x, float[5,7] z) => (float[2,7] y) { p = MatMul (x, z)  y = Relu (p) }",
    )
    yield several(
        "merged power",
        "(float[2,3,5,7] x) => (float[2,3,5,7] y) { p = Pow (x, three)  y = Mul (p, s) }",
        three=np.array(3, np.float32),
        s=np.array(0.2, np.float32),
    )
    yield several(
        "merged normalization",
        """(float[2,3,5] x) => (float[2,3,7] y) {
            p = MatMul (x, w)  y = BatchNormalization (p, g, b, m, v)
        }""",
        w=k(5, 7),
        g=k(3),
        b=k(3),
        m=k(3),
        v=np.abs(k(3)),
    )
    for size in ("6,5", "3,6,5"):
        kernel = (1,) * len(size.split(","))
        yield several(
            "normalized activation",
            f"""(float[1,8,{size}] x) => (float[1,8,{size}] y) {{
                c = Conv <kernel_shape=[{",".join(map(str, kernel))}]> (x, w)
                s = Sigmoid (c)  y = BatchNormalization (s, g, b, m, v)
            }}""",
            w=k(8, 8, *kernel),
            g=k(8),
            b=k(8),
            m=k(8),
            v=np.abs(k(8)),
        )
    yield several(
        "mistaken gate",
        """(float[2,3,5,7] x, float[2,3,5,7] z) => (float[2,3,5,7] y) {
            s = HardSigmoid <alpha=0.16666667, beta=0.5> (x)  y = Mul (z, s)
        }""",
    )


def _of_sharing() -> Iterator[Probe]:
    """Constants, and names, that several nodes have."""
    yield several(
        "joined twice",
        """(float[2,3] x, float[2,3] z) => (float[2,5] y, float[2,5] w) {
            y = Concat <axis=1> (x, c)  w = Concat <axis=1> (z, c)
        }""",
        c=k(2, 2),
    )
    yield several(
        "added twice",
        """(float[2,5] x, float[2,7] z) => (float[2,7] y) {
            s = Exp (z)  b = Add (s, c)  p = MatMul (x, w)  a = Add (p, c)  y = Mul (a, b)
        }""",
        w=k(5, 7),
        c=k(1),
    )
    alike = several(
        "same names",
        "(float[2,6] x) => (float[6,2] y) { a = Sigmoid (x)  b = Transpose (a)  y = Exp (b) }",
    )
    for node in alike.model.graph.node:
        node.name = "layer/same"
    yield alike


def _large(*shape: int) -> Computed:
    """Give exponents at which e^x overflows float32, and their negatives."""
    return Computed(shape, lambda rng, size: rng.uniform(-120, 120, size))
