"""Ops that TensorFlow has CPU kernels for only with oneDNN, or never, and a program that runs them.

python -m support.cpu_kernel_cases answers.npz     own/NAME, twin/NAME, runner/NAME of each case
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import tensorflow as tf

from keras2cv_export.model.cpu_kernels import cpu_runner, twin_of

from .traced_ops import Array, random

raw = tf.raw_ops


@dataclass(frozen=True)
class KernelCase:
    """A function of one tensor, and the tensor."""

    function: Callable[[Any], Any]
    inputs: Array


_IMAGE, _VOLUME = random(2, 6, 8, 9), random(1, 3, 4, 5, 6)
_EXPLICIT = [[0, 0], [0, 0], [1, 2], [0, 3]]


def _loop(x: Any) -> Any:
    """Convolve in the body of a loop, which is a function of the graph's library."""
    kernel = random(3, 3, 6, 6) / 20
    return tf.while_loop(
        lambda k, _: k < 3,
        lambda k, y: (k + 1, tf.nn.conv2d(y, kernel, 1, "SAME", "NCHW")),
        [0, x],
    )[1]


CASES: Final[Mapping[str, KernelCase]] = {
    "conv2d": KernelCase(
        lambda x: tf.nn.conv2d(x, random(3, 3, 6, 5), [2, 1], "SAME", "NCHW"), _IMAGE
    ),
    "conv2d_explicit_dilated": KernelCase(
        lambda x: tf.nn.conv2d(x, random(3, 3, 6, 5), 1, _EXPLICIT, "NCHW", [1, 1, 2, 1]), _IMAGE
    ),
    "conv2d_groups": KernelCase(
        lambda x: tf.nn.conv2d(x, random(3, 2, 3, 4), 1, "VALID", "NCHW"), _IMAGE
    ),
    "conv2d_in_a_loop": KernelCase(_loop, _IMAGE),
    "depthwise_conv2d": KernelCase(
        lambda x: raw.DepthwiseConv2dNative(
            input=x,
            filter=random(3, 3, 6, 2),
            strides=[1, 1, 2, 2],
            padding="SAME",
            data_format="NCHW",
        ),
        _IMAGE,
    ),
    "transposed": KernelCase(
        lambda x: tf.nn.conv2d_transpose(x, random(3, 3, 4, 6), [2, 4, 16, 18], 2, "SAME", "NCHW"),
        _IMAGE,
    ),
    "transposed_dilated": KernelCase(
        lambda x: raw.Conv2DBackpropInput(
            input_sizes=[2, 8, 17, 4],
            filter=random(3, 2, 4, 9),
            out_backprop=x,
            strides=[1, 1, 1, 1],
            padding="VALID",
            dilations=[1, 1, 5, 1],
        ),
        random(2, 6, 12, 9),
    ),
    "transposed_dilated_same": KernelCase(
        lambda x: raw.Conv2DBackpropInput(
            input_sizes=[2, 4, 8, 9],
            filter=random(3, 4, 4, 6),
            out_backprop=x,
            strides=[1, 1, 1, 1],
            padding="SAME",
            dilations=[1, 1, 2, 3],
            data_format="NCHW",
        ),
        _IMAGE,
    ),
    "transposed_1d_dilated": KernelCase(
        lambda x: tf.nn.conv1d_transpose(x, random(3, 5, 9), [2, 12, 5], 1, "VALID", dilations=2),
        random(2, 8, 9),
    ),
    "max_pool": KernelCase(lambda x: tf.nn.max_pool2d(x, [2, 3], [2, 1], "VALID", "NCHW"), _IMAGE),
    "average_pool": KernelCase(
        lambda x: tf.nn.avg_pool2d(x, [2, 3], [2, 1], "SAME", "NCHW"), _IMAGE
    ),
    "conv3d": KernelCase(
        lambda x: tf.nn.conv3d(x, random(2, 2, 2, 3, 4), [1, 1, 2, 1, 1], "SAME", "NCDHW"),
        _VOLUME,
    ),
    "transposed_3d": KernelCase(
        lambda x: tf.nn.conv3d_transpose(
            x, random(2, 2, 2, 4, 3), [1, 4, 8, 5, 6], [2, 1, 1], "SAME", "NCDHW"
        ),
        _VOLUME,
    ),
    "transposed_3d_dilated": KernelCase(
        lambda x: raw.Conv3DBackpropInputV2(
            input_sizes=[1, 6, 6, 7, 4],
            filter=random(2, 2, 2, 4, 6),
            out_backprop=x,
            strides=[1, 1, 1, 1, 1],
            padding="VALID",
            dilations=[1, 3, 2, 2, 1],
        ),
        random(1, 3, 4, 5, 6),
    ),
    "max_pool_3d": KernelCase(
        lambda x: tf.nn.max_pool3d(x, [2, 2, 3], [2, 1, 1], "VALID", "NCDHW"), _VOLUME
    ),
    "average_pool_3d": KernelCase(
        lambda x: tf.nn.avg_pool3d(x, [2, 2, 3], [2, 1, 1], "SAME", "NCDHW"), _VOLUME
    ),
    "depth_to_space": KernelCase(lambda x: tf.nn.depth_to_space(x, 2, "NCHW"), random(2, 8, 3, 5)),
    "space_to_depth": KernelCase(lambda x: tf.nn.space_to_depth(x, 2, "NCHW"), random(2, 3, 8, 6)),
}
NEVER: Final = frozenset({"depth_to_space", "space_to_depth"})  # with oneDNN neither


def main() -> None:
    """Write each case's result: TensorFlow's own, the twin's, and the reference's."""
    arrays = {}
    for name, case in CASES.items():
        x = tf.constant(case.inputs)
        traced = tf.function(case.function, autograph=False).get_concrete_function(
            tf.TensorSpec(x.shape, x.dtype)
        )
        twin = twin_of(traced)
        assert twin is not None, name
        arrays[f"twin/{name}"] = _one(twin(x))
        arrays[f"runner/{name}"] = _one(cpu_runner(traced)(x))
        try:
            arrays[f"own/{name}"] = _one(traced(x))
        except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError):
            continue
    np.savez(sys.argv[1], **arrays)


def _one(result: Any) -> Array:
    return np.array(result[0] if isinstance(result, list | tuple) else result)


if __name__ == "__main__":
    main()
