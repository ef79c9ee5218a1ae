"""Strides of 1 of pointwise convolutions of volumes."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest

from keras2cv_export.passes.legalise.windows.omit_volume_strides import omit_volume_strides
from support.opencv_process import in_process
from support.pass_checks import (
    LIMIT,
    Make,
    assert_left_alone,
    assert_rewritten,
    made,
    named_apart,
    onnx_numbers,
)
from support.small_graphs import random


def voxels(channels: int, size: str, to: str = "", kernel: str = "1,1,1", **more: object) -> Make:
    """Return a maker of a convolution of x (1, channels, ...)."""
    listed = ", ".join(f"{name}={value}" for name, value in more.items())
    return made(
        f"(float[1,{channels},{size}] x) => (float[1,{channels},{to or size}] y) "
        f"{{ y = Conv <{listed}> (x, w) }}",
        w=random(channels, channels, *map(int, kernel.split(","))) / np.float32(16),
    )


FORMS = {
    "few channels": voxels(8, "2,3,4", strides=[1, 1, 1]),
    "many channels": voxels(256, "8,8,8", strides=[1, 1, 1]),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_strides_of_one_go(make: Make) -> None:
    """OpenCV computes what ONNX Runtime does."""
    found = assert_rewritten(by=omit_volume_strides, model=make(), ops={"Conv": 1})
    assert [attribute.name for attribute in found.after.graph.node[0].attribute] == []


@pytest.mark.parametrize("engine", ["new"])
def test_without_that_the_new_engine_is_wrong(engine: str) -> None:
    """As soon as there is much to multiply."""
    model = named_apart(ir.to_proto(FORMS["many channels"]()))
    expected, found = onnx_numbers(model)["y"], in_process(model, engine)["y"]
    error = float(np.abs(np.nan_to_num(found, nan=np.inf) - expected).max())
    assert error > 1000 * LIMIT * float(np.abs(expected).max())


LEFT = {
    "none written": voxels(8, "2,3,4", group=1),
    "a stride": voxels(8, "4,4,4", "2,4,4", strides=[2, 1, 1]),
    "a larger kernel": voxels(8, "4,4,4", "4,4,2", kernel="1,1,3", strides=[1, 1, 1]),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_others_stay(make: Make) -> None:
    """That product of matrices is not used for them."""
    assert_left_alone(by=omit_volume_strides, model=make())


def test_images_stay() -> None:
    """There it is right, and fast."""
    make = made(
        "(float[1,8,3,4] x) => (float[1,8,3,4] y) { y = Conv <strides=[1, 1]> (x, w) }",
        w=random(8, 8, 1, 1),
    )
    assert_left_alone(by=omit_volume_strides, model=make())
