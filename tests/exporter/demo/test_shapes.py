"""The drawn shapes: what they promise to whoever learns from them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from keras2cv_export.demo.fields import any_field
from keras2cv_export.demo.outlines import OUTLINES
from keras2cv_export.demo.palette import draw_palette
from keras2cv_export.demo.shapes import LABELS, Drawing, draw, drawings


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others() -> None:
    """Everyone who runs the demo sees the same images."""
    first, again, other = (list(drawings(7, (50, 70), seed)) for seed in (3, 3, 4))
    for one, two, three in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one.image_bgr, two.image_bgr)
        assert not np.array_equal(one.image_bgr, three.image_bgr)


def test_labels_come_in_turn() -> None:
    """Every class is drawn as often as any other."""
    assert [d.label for d in drawings(8, (50, 60), 0)] == [*LABELS, *LABELS[:2]]
    assert len(set(LABELS)) == 6


def test_sizes_vary_within_the_range_and_stay_near_to_square() -> None:
    """Images have all sizes, as photos do, and no shape is crushed when they are made square."""
    shapes = [d.image_bgr.shape for d in drawings(60, (40, 90), 1)]
    heights, widths, channels = (np.array(sides) for sides in zip(*shapes, strict=True))
    assert set(channels) == {3}
    for sides in (heights, widths):
        assert 40 <= sides.min() < 50
        assert 80 < sides.max() <= 90
    ratios = widths / heights
    assert ratios.max() <= 4 / 3
    assert ratios.min() >= 3 / 4 - 1 / 40  # a pixel's rounding
    assert (heights != widths).mean() > 0.8


@pytest.mark.parametrize("label", LABELS)
def test_outlines_fill_the_unit_circle(label: str) -> None:
    """A shape of radius r stays within r of its centre, and reaches it: none is cut off."""
    points = OUTLINES[label](np.random.default_rng(5))
    radii = np.linalg.norm(points, axis=1)
    assert radii.max() == pytest.approx(1)
    low, high = points.min(axis=0), points.max(axis=0)
    assert np.abs((low + high) / 2).max() < 0.27  # a triangle's middle is not its centre


def test_outlines_have_the_areas_of_their_shapes() -> None:
    """Corners are in order around the shape: a crossed outline would enclose less."""
    rng = np.random.default_rng(2)
    area = {
        label: cv2.contourArea((outline(rng) * 1000).astype(np.float32)) / 1e6
        for label, outline in OUTLINES.items()
    }
    assert area["circle"] == pytest.approx(np.pi, rel=0.01)
    assert area["square"] == pytest.approx(2, rel=0.01)
    assert area["triangle"] == pytest.approx(3 * np.sqrt(3) / 4, rel=0.01)
    assert area["triangle"] < area["cross"] < area["square"]
    assert 1.0 < area["star"] < area["square"]
    assert 1.5 < area["heart"] < area["circle"]


@pytest.mark.parametrize("seed", range(12))
def test_shapes_stand_out_from_both_background_colours(seed: int) -> None:
    """No shape hides in its background."""
    back, shape = draw_palette(np.random.default_rng(seed))
    assert back.shape == shape.shape == (2, 3)
    colors = np.concatenate([back, shape[:1]])[None] / np.float32(255)
    lab = cv2.cvtColor(colors, cv2.COLOR_BGR2Lab)[0]
    assert np.linalg.norm(lab[:2] - lab[2], axis=1).min() > 40


@pytest.mark.parametrize("seed", range(12))
def test_fields_run_from_0_to_1(seed: int) -> None:
    """Every gradient and texture uses all of both colours."""
    field = any_field((53, 41), np.random.default_rng(seed))
    assert field.shape == (41, 53)
    assert field.dtype == np.float32
    assert field.min() == pytest.approx(0, abs=0.02)
    assert field.max() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("label", LABELS)
def test_a_drawing_shows_what_it_says(label: str) -> None:
    """The shape covers a fair part of the image, and its border is background."""
    drawing = draw(label, (97, 83), np.random.default_rng(8))
    assert drawing.label == label
    assert drawing.image_bgr.shape == (83, 97, 3)
    assert drawing.image_bgr.std(axis=(0, 1)).max() > 15


def test_a_drawing_of_another_kind_is_refused() -> None:
    """An image that is not one, or an unknown label, is a mistake where it is made."""
    image = np.zeros((5, 4, 3), np.uint8)
    with pytest.raises(ValueError, match=r"must be \(H, W, 3\) uint8, got \(5, 4, 3\) float32"):
        Drawing(image.astype(np.float32), "star")
    with pytest.raises(ValueError, match=r"got \(5, 4\) uint8"):
        Drawing(image[..., 0], "star")
    with pytest.raises(ValueError, match=r"must be one of circle, .*got 'hexagon'"):
        Drawing(image, "hexagon")
