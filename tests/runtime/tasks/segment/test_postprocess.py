"""From a mask over the network's input to a class for every pixel of the original image."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf

from keras2cv.bundle.manifest import Task
from keras2cv.errors import UsageError
from keras2cv.pixels.geometry import Placement, place
from keras2cv.pixels.pixelmap import spread_linear
from keras2cv.tasks.segment.postprocess import segment
from keras2cv.tasks.segment.record import SegmentRecord
from keras2cv.tasks.segment.result import Segmentation

INPUT_WH = (48, 32)
SOURCE_WH = (131, 87)
RULES = ["stretch", "letterbox", "center-crop"]


def run(record: SegmentRecord, placement: Placement, mask: Any, labels: Any = None) -> Segmentation:
    """Return the result of one sample; the mask is without the batch dimension."""
    task = Task("segment", labels=labels, record=record)
    return segment(task, {record.output: np.asarray(mask)[None]}, [placement])[0]


def smooth(channels: int, wh: tuple[int, int] = INPUT_WH, seed: int = 5) -> Any:
    """Return smooth random numbers (h, w, channels) float32 of both signs."""
    coarse = np.random.default_rng(seed).normal(0, 3, (5, 7, channels)).astype(np.float32)
    return cv2.resize(coarse, wh, interpolation=cv2.INTER_CUBIC).reshape(*wh[::-1], channels)


def softmax(logits: Any) -> Any:
    """Return exp(x) / sum(exp(x)) over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def expected_probabilities(probabilities: Any, placement: Placement) -> Any:
    """Return TensorFlow's bilinear resize of the part that the image fills, NaN around it."""
    x0, y0, x1, y1 = placement.content_xyxy
    left, top, right, bottom = placement.visible_xyxy
    part = probabilities[y0:y1, x0:x1]
    resized = tf.image.resize(part, (bottom - top, right - left)).numpy()
    width, height = placement.source_wh
    whole = np.full((height, width, probabilities.shape[2]), np.nan, np.float32)
    whole[top:bottom, left:right] = resized
    return whole


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("source_wh", [SOURCE_WH, (87, 131), (20, 17)])
def test_the_class_is_tensorflows(rule: str, source_wh: Any) -> None:
    """Resized by tf.image.resize and then argmax, at the original size, cropped parts unseen."""
    placement = place(source_wh, INPUT_WH, rule)
    probabilities = softmax(smooth(5))
    result = run(SegmentRecord("m", "softmax"), placement, probabilities)
    expected = expected_probabilities(probabilities, placement)
    seen = ~np.isnan(expected[..., 0])
    assert result.label_map.shape == source_wh[::-1]
    assert (result.label_map[~seen] == -1).all()
    assert (result.label_map[seen] == expected[seen].argmax(axis=1)).mean() >= 0.9999
    assert len(np.unique(result.label_map[seen])) >= 3
    for number in (0, 4):
        got = result.probabilities(number)
        # Positions up to 48 are rounded to float32 by both, and the slopes are up to 1 per cell.
        np.testing.assert_allclose(got, expected[..., number], rtol=0, atol=5e-6)


@pytest.mark.parametrize("rule", RULES)
def test_a_binary_mask_is_above_its_threshold(rule: str) -> None:
    """One channel of probabilities, or of logits, becomes 0 and 1."""
    placement = place(SOURCE_WH, INPUT_WH, rule)
    logits = smooth(1)
    probabilities = 1 / (1 + np.exp(-logits))
    expected = expected_probabilities(probabilities, placement)[..., 0]
    seen = ~np.isnan(expected)
    for scores, mask in (("sigmoid", probabilities), ("logits", logits)):
        result = run(SegmentRecord("m", scores, 0.3), placement, mask)  # type: ignore[arg-type]
        assert (result.label_map == 1)[seen].mean() == pytest.approx((expected > 0.3)[seen].mean())
        assert ((result.label_map == 1) == (expected > 0.3))[seen].mean() >= 0.9999
        both = result.probabilities(0) + result.probabilities(1)
        assert np.abs(both[seen] - 1).max() < 1e-6
    assert (result.label_map[~seen] == -1).all()


def test_logits_become_probabilities_before_they_are_resized() -> None:
    """A softmax over the channels, and then the same as from a model that ends in it."""
    placement = place(SOURCE_WH, INPUT_WH, "stretch")
    logits = smooth(4)
    from_logits = run(SegmentRecord("m", "logits"), placement, logits)
    from_softmax = run(SegmentRecord("m", "softmax"), placement, softmax(logits))
    assert np.abs(from_logits.probabilities(2) - from_softmax.probabilities(2)).max() < 1e-6
    assert (from_logits.label_map == from_softmax.label_map).mean() >= 0.9999


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("shape", [(32, 48), (32, 48, 1)])
def test_labels_are_enlarged_to_the_nearest(rule: str, shape: Any) -> None:
    """A model that ends in argmax: as tf.image.resize by method nearest."""
    placement = place(SOURCE_WH, INPUT_WH, rule)
    labels = np.random.default_rng(2).integers(0, 9, shape)
    result = run(SegmentRecord("m", "labels"), placement, labels)
    x0, y0, x1, y1 = placement.content_xyxy
    left, top, right, bottom = placement.visible_xyxy
    part = labels.reshape(32, 48, 1)[y0:y1, x0:x1]
    expected = tf.image.resize(part, (bottom - top, right - left), "nearest").numpy()[..., 0]
    assert np.array_equal(result.label_map[top:bottom, left:right], expected)
    assert (result.label_map == -1).sum() == result.label_map.size - expected.size
    with pytest.raises(UsageError, match="no probabilities"):
        result.probabilities(0)


@pytest.mark.parametrize("grid_wh", [(12, 8), (96, 64), (9, 10)])
@pytest.mark.parametrize("rule", RULES)
def test_a_mask_may_have_another_resolution_than_the_input(rule: str, grid_wh: Any) -> None:
    """Coarser or finer, the value of a plane that rises evenly is right at every pixel's place."""
    placement = place((130, 90), INPUT_WH, rule)
    y, x = np.mgrid[: grid_wh[1], : grid_wh[0]] + 0.5
    plane = 3 * x / grid_wh[0] + 7 * y / grid_wh[1]  # over the input: 3 to the right, 7 down
    left, top, right, bottom = placement.visible_xyxy
    ys, xs = np.mgrid[top:bottom, left:right] + 0.5
    u = (xs * placement.scale_xy[0] + placement.offset_xy[0]) / INPUT_WH[0]
    v = (ys * placement.scale_xy[1] + placement.offset_xy[1]) / INPUT_WH[1]
    got = spread_linear(plane, placement)
    x0, y0, x1, y1 = placement.content_xyxy
    # Within half a cell of the content's edge there is nothing to interpolate with.
    inner = (np.abs(u * INPUT_WH[0] - (x0 + x1) / 2) < (x1 - x0) / 2 - INPUT_WH[0] / grid_wh[0]) & (
        np.abs(v * INPUT_WH[1] - (y0 + y1) / 2) < (y1 - y0) / 2 - INPUT_WH[1] / grid_wh[1]
    )
    assert inner.sum() > 500
    assert np.abs(got - (3 * u + 7 * v))[inner].max() < 1e-5


@pytest.mark.parametrize("rule", RULES)
def test_an_image_of_one_pixel_has_a_class(rule: str) -> None:
    """The smallest image there is."""
    result = run(SegmentRecord("m", "softmax"), place((1, 1), INPUT_WH, rule), softmax(smooth(3)))
    assert result.label_map.shape == (1, 1)
    assert 0 <= result.label_map[0, 0] <= 2


def test_nan_is_no_answer() -> None:
    """A pixel whose probability is NaN is not of the class that a threshold decides about."""
    mask = np.full((32, 48, 1), np.nan, np.float32)
    result = run(SegmentRecord("m", "sigmoid", 0.5), place(INPUT_WH, INPUT_WH, "stretch"), mask)
    assert result.areas() == {0: 32 * 48}


def test_the_first_of_equal_classes_wins() -> None:
    """As argmax has it."""
    result = run(
        SegmentRecord("m", "softmax"),
        place(SOURCE_WH, INPUT_WH, "stretch"),
        np.full((32, 48, 3), 1 / 3, np.float32),
    )
    assert result.areas() == {0: SOURCE_WH[0] * SOURCE_WH[1]}
