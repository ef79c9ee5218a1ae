"""Convolutions as products of Winograd's tiles."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest

from keras2cv.bundle.netfile.following import MAX_LIVE
from keras2cv_export.passes import pipeline
from keras2cv_export.passes.compress.weights_to_bytes import weights_to_bytes
from keras2cv_export.passes.compress.weights_to_halves import weights_to_halves
from keras2cv_export.passes.fixpoint import rewrite
from keras2cv_export.passes.optimise import multiply_tiles as module
from keras2cv_export.passes.optimise.multiply_tiles import multiply_tiles
from keras2cv_export.targets.target import Target
from support.pass_checks import Make, assert_left_alone, assert_rewritten, made
from support.small_graphs import random

# float32 loses a digit: sums of up to 21/4 of a number cancel, as in the classic engine's own.
LIMIT = 3e-5

PLAIN = "pads=[1,1,1,1]"


def body(
    conv: str, taps: str, image: str = "2,5,10,13", to: str = "2,7,10,13", channels: int = 5
) -> Make:
    """Return a maker of a convolution of seven kernels."""
    height, width = map(int, taps.split("x"))
    given = {"w": random(7, channels, height, width) / (height * width), "b": random(7)}
    return made(
        f"(float[{image}] x) => (float[{to}] y) {{ y = {conv} }}",
        **{name: value for name, value in given.items() if f" {name}" in conv},
    )


FORMS: dict[str, Make] = {
    "3x3": body(f"Conv <{PLAIN}> (x, w, b)", "3x3"),
    "without a bias": body(f"Conv <{PLAIN}, strides=[1,1], dilations=[1,1]> (x, w)", "3x3"),
    "unpadded": body("Conv (x, w, b)", "3x3", to="2,7,8,11"),
    "padded more on one side": body("Conv <pads=[0,2,3,1]> (x, w, b)", "3x3", to="2,7,11,14"),
    "5x5": body("Conv <pads=[2,2,2,2]> (x, w, b)", "5x5"),
    "a row of seven": body("Conv <pads=[0,3,0,3]> (x, w, b)", "1x7"),
    "a column of seven": body("Conv <pads=[3,0,3,0]> (x, w, b)", "7x1"),
    "a row of three, one sample": body(
        "Conv <pads=[0,1,0,1]> (x, w, b)", "1x3", "1,5,10,13", "1,7,10,13"
    ),
    "oblong": body("Conv <pads=[1,3,1,3]> (x, w, b)", "3x7"),
    "one tile": body(f"Conv <{PLAIN}> (x, w, b)", "3x3", "3,5,3,4", "3,7,3,4"),
    "an image of one row": body(f"Conv <{PLAIN}> (x, w, b)", "3x3", "2,5,1,9", "2,7,1,9"),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
def test_products_are_left(monkeypatch: pytest.MonkeyPatch, make: Make) -> None:
    """Of the same numbers, for each sample, on both engines."""
    monkeypatch.setattr(module, "pays", lambda _: True)
    assert_rewritten(by=multiply_tiles, model=make(), gone=["Conv"], limit=LIMIT)


LEFT: dict[str, Make] = {
    "points": body("Conv (x, w, b)", "1x1"),
    "even": body("Conv (x, w, b)", "2x2", to="2,7,9,12"),
    "strides": body("Conv <pads=[1,1,1,1], strides=[2,1]> (x, w)", "3x3", to="2,7,5,13"),
    "holes": body("Conv <pads=[2,2,2,2], dilations=[2,2]> (x, w)", "3x3"),
    "groups": body("Conv <pads=[1,1,1,1], group=7> (x, w)", "3x3", "2,14,10,13", channels=2),
    "automatic padding": body('Conv <auto_pad="SAME_UPPER"> (x, w)', "3x3"),
    "lines": made("(float[2,5,10] x) => (float[2,7,8] y) { y = Conv (x, w) }", w=random(7, 5, 3)),
    "computed kernels": made(
        "(float[2,5,10,13] x) => (float[2,7,8,11] y) { k = Neg (w)  y = Conv (x, k) }",
        w=random(7, 5, 3, 3),
    ),
    "a computed bias": made(
        "(float[2,5,10,13] x) => (float[2,7,8,11] y) { k = Neg (b)  y = Conv (x, w, k) }",
        w=random(7, 5, 3, 3),
        b=random(7),
    ),
}


@pytest.mark.parametrize("make", LEFT.values(), ids=LEFT)
def test_near_misses_are_left_alone(monkeypatch: pytest.MonkeyPatch, make: Make) -> None:
    """Where the products would be others, or there are no tiles."""
    monkeypatch.setattr(module, "pays", lambda _: True)
    assert_left_alone(by=multiply_tiles, model=make())


def large(channels: int, size: int, taps: str = "3x3", samples: int = 1) -> Make:
    """Return a maker of a convolution that keeps the size and the number of channels."""
    height, width = map(int, taps.split("x"))
    image = f"float[{samples},{channels},{size},{size}]"
    pads = f"[{height // 2},{width // 2},{height // 2},{width // 2}]"
    return made(
        f"({image} x) => ({image} y) {{ y = Conv <pads={pads}> (x, w) }}",
        w=random(channels, channels, height, width)
        / np.float32(prod((channels, height, width)) ** 0.5),
    )


@pytest.mark.parametrize(
    ("channels", "size", "taps"), [(512, 28, "3x3"), (256, 32, "3x3"), (160, 17, "7x1")]
)
def test_layers_that_are_faster_so_are_changed(channels: int, size: int, taps: str) -> None:
    """As VGG16, a U-Net and InceptionV3 have them: 0.4 to 0.7 of the time."""
    assert multiply_tiles(large(channels, size, taps)()) == 1


@pytest.mark.parametrize(
    ("channels", "size"), [(64, 56), (512, 7), (64, 128), (32, 28), (128, 112), (32, 1024)]
)
def test_layers_that_would_be_slower_are_left_alone(channels: int, size: int) -> None:
    """Few channels, few tiles, large images: measured at 1.05 to 3 times the time."""
    assert multiply_tiles(large(channels, size)()) == 0


def test_the_kernel_is_stored_as_it_was() -> None:
    """Once, not as the four times as many numbers that OpenCV makes of it."""
    model = large(256, 32)()
    before = model.graph.initializers["w"].const_value
    multiply_tiles(model)
    kept = [v.const_value for v in model.graph.initializers.values() if v.uses()]
    assert before is not None
    assert sum(v.size for v in kept if v is not None) < 1.1 * before.size


@pytest.mark.parametrize("by", [weights_to_halves, weights_to_bytes])
def test_the_kernel_can_be_stored_smaller(by: object) -> None:
    """Channel by channel, like that of a convolution."""
    model = large(256, 32)()
    multiply_tiles(model)
    assert by(model) == 1  # type: ignore[operator]
    (kernel,) = (v for v in model.graph.initializers.values() if v.shape == (256, 256, 3, 3))
    assert kernel.dtype is not None
    assert kernel.dtype.itemsize < 4


@pytest.mark.parametrize(
    ("opencv", "engine", "count"),
    [(None, None, 0), ("4.14", None, 0), ("5.0", "classic", 0), ("5.0", None, 1), (None, "new", 1)],
)
def test_only_files_for_the_new_engine_are_changed(
    opencv: str | None, engine: str | None, count: int
) -> None:
    """Any other runs them at a half to a tenth of its speed."""
    fired = rewrite(large(256, 32)(), pipeline(Target.parse(opencv, engine)))
    assert fired["multiply_tiles"] == count


def two_layers(second: str) -> Make:
    """Return a maker of two convolutions in a row, of which the second has more tiles."""
    return made(
        "(float[1,256,16,16] x) => (float[1,256,32,32] y) {"
        f" a = Conv <{PLAIN}> (x, w)  u = Resize (a, , s)  y = Conv <{PLAIN}> (u, {second}) }}",
        w=random(256, 256, 3, 3) / np.float32(48),
        v=random(256, 256, 3, 3) / np.float32(48),
        s=np.array([1, 1, 2, 2], np.float32),
    )


def test_a_quarter_of_the_memory_is_left() -> None:
    """For what the net holds beside kernels, whatever the runtime's limit becomes."""
    assert module.MAX_FOLDED == MAX_LIVE * 3 // 4


@pytest.mark.parametrize(("second", "count"), [("v", 1), ("w", 2)])
def test_kernels_take_no_more_memory_than_there_is(
    monkeypatch: pytest.MonkeyPatch, second: str, count: int
) -> None:
    """Those that save most come first; layers that share a kernel need it once."""
    monkeypatch.setattr(module, "pays", lambda _: True)
    model = two_layers(second)()
    monkeypatch.setattr(module, "MAX_FOLDED", 256 * 256 * 100)  # one kernel takes 90 a pair
    assert multiply_tiles(model) == count
    left = [node.name for node in model.graph if node.op_type == "Conv"]
    assert len(left) == 2 - count
    if left:  # the first, of fewer tiles
        (conv,) = (node for node in model.graph if node.op_type == "Conv")
        assert conv.inputs[0] is model.graph.inputs[0]
