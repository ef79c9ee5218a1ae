"""A net that computes for minutes or for years is refused before OpenCV starts it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from keras2cv.bundle import reading
from keras2cv.bundle.onnx_file import follow_onnx
from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import BundleError, UsageError
from keras2cv.loading import load
from support.hostile_nets import _file, one
from support.tiny_bundle import Classifier

from .test_hostile_bundles import bundle

WIDE = 2048
KERNEL = np.ones((128, 64, 13, 13), np.float32)


def chain(op: str, count: int, shape: tuple[int, ...], **weights: Any) -> bytes:
    """Return a net of the same node, again and again."""
    names = ["x", *(f"v{i}" for i in range(1, count)), "y"]
    nodes = [helper.make_node(op, [a, *weights], [b]) for a, b in itertools.pairwise(names)]
    return _file(nodes, weights, shape, 13)


def squares(count: int) -> bytes:
    """Return a net that multiplies a matrix by itself, and the result by itself."""
    names = ["x", *(f"v{i}" for i in range(1, count)), "y"]
    nodes = [helper.make_node("MatMul", [a, a], [b]) for a, b in itertools.pairwise(names)]
    return _file(nodes, {}, (1, 1, WIDE, WIDE), 13)


@pytest.mark.parametrize(
    ("data", "shape", "expected"),
    [
        (one("Conv", {"w": np.ones((5, 3, 3, 3), np.float32)}), (1, 3, 8, 8), 5 * 36 * 27),
        (one("Conv", {"w": np.ones((3, 1, 3, 3), np.float32)}, group=3), (1, 3, 8, 8), 8 * 972),
        (
            one("ConvTranspose", {"w": np.ones((3, 5, 2, 2), np.float32)}, strides=[2, 2]),
            (1, 3, 8, 8),
            3 * 64 * 20,
        ),
        (one("MatMul", {"w": np.ones((8, 8), np.float32)}, (4, 8)), (4, 8), 4 * 64),
        (one("Gemm", {"w": np.ones((4, 9), np.float32)}, (4, 8), transA=1), (4, 8), 8 * 9 * 4),
        (one("Relu"), (1, 3, 8, 8), 64 * 192),
        (one("MaxPool", kernel_shape=[8, 8]), (1, 3, 8, 8), 64 * 192 * 8),
    ],
)  # fmt: skip
def test_work_is_counted(data: bytes, shape: tuple[int, ...], expected: int) -> None:
    """Products are their multiply-adds; what maps numbers counts for its memory."""
    assert follow_onnx(data, {"x": shape}).work == expected


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: squares(150), (1, 1, WIDE, WIDE)),
        (lambda: chain("Exp", 4500, (1, 1, WIDE, WIDE)), (1, 1, WIDE, WIDE)),
        (
            lambda: one("Conv", {"w": KERNEL}, (1, 64, 8, 8), pads=[512] * 4),
            (1, 64, 8, 8),
        ),
        (
            lambda: one("AveragePool", {}, (1, 1, WIDE, WIDE), kernel_shape=[1025, 1025]),
            (1, 1, WIDE, WIDE),
        ),
    ],
)  # fmt: skip
def test_a_net_that_never_ends_is_refused(
    tmp_path: Path, make: Callable[[], bytes], shape: tuple[int, ...]
) -> None:
    """At once, before OpenCV sees it; the sentence says how much it is."""
    folder = bundle(tmp_path / "x.cv", make(), shape)
    started = time.monotonic()
    with pytest.raises(BundleError, match=r"asks for \d.*multiply-adds .* set KERAS2CV_MAX_WORK="):
        load(folder)
    assert time.monotonic() - started < 5


def test_an_honest_large_net_has_a_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that the sentence names, with the number that it gives."""
    folder = Classifier().write(tmp_path / "cat.cv")
    monkeypatch.setattr(reading, "MAX_WORK", 1000)
    with pytest.raises(BundleError) as refused:
        load(folder)
    name, _, value = str(refused.value).rstrip(".").rpartition(" ")[2].partition("=")
    monkeypatch.setenv(name, value)
    load(folder)
    monkeypatch.setenv(name, "1000")
    with pytest.raises(BundleError, match="multiply-adds"):
        load(folder)
    monkeypatch.setenv(name, "many")
    with pytest.raises(UsageError, match="must be a number of multiply-adds"):
        read_bundle(folder)


def test_a_node_of_very_many_inputs_is_tried_elsewhere_first() -> None:
    """OpenCV's time grows with their square."""
    many = helper.make_node("Concat", ["x"] * 10_001, ["y"], axis=1)
    found = follow_onnx(_file([many], {}, (1, 8), 13), {"x": (1, 8)})
    assert found.unknown == "a node of 10001 inputs or outputs"
