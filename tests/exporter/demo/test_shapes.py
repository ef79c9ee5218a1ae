"""The drawn shapes: the properties that a model learns from."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from keras2cv_export.demo.shapes import LABELS, draw, draw_colors, drawings, outline


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others() -> None:
    """Everyone who runs the demo sees the same images."""
    first, again, other = (list(drawings(7, (50, 70), seed)) for seed in (3, 3, 4))
    for (one, _), (two, _), (three, _) in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(one, two)
        assert not np.array_equal(one, three)


def test_labels_come_in_turn() -> None:
    """Every class is drawn as often as any other."""
    assert [label for _, label in drawings(8, (50, 60), 0)] == [*LABELS, *LABELS[:2]]
    assert len(set(LABELS)) == 6


def test_sizes_vary_within_the_range() -> None:
    """Images have all sizes, as photos do."""
    shapes = [image.shape for image, _ in drawings(60, (40, 90), 1)]
    heights, widths, channels = (np.array(sides) for sides in zip(*shapes, strict=True))
    assert set(channels) == {3}
    for sides in (heights, widths):
        assert 40 <= sides.min() < 50
        assert 80 < sides.max() <= 90
    assert (heights != widths).mean() > 0.8


@pytest.mark.parametrize("label", LABELS)
def test_outlines_fill_the_unit_circle(label: str) -> None:
    """A shape of radius r stays within r of its centre, and reaches it: none is cut off."""
    points = outline(label)
    assert np.linalg.norm(points, axis=1).max() == pytest.approx(1)
    low, high = points.min(axis=0), points.max(axis=0)
    assert np.abs((low + high) / 2).max() < 0.27  # a triangle's middle is not its centre


def test_outlines_have_the_areas_of_their_shapes() -> None:
    """Corners are in order around the shape: a crossed outline would enclose less."""
    area = {
        label: cv2.contourArea((outline(label) * 1000).astype(np.float32)) / 1e6 for label in LABELS
    }
    assert area["circle"] == pytest.approx(np.pi, rel=0.01)
    assert area["square"] == pytest.approx(2, rel=0.01)
    assert area["triangle"] == pytest.approx(3 * np.sqrt(3) / 4, rel=0.01)
    assert area["triangle"] < area["cross"] < area["square"]
    assert 1.0 < area["star"] < area["square"]
    assert 1.5 < area["heart"] < area["circle"]


@pytest.mark.parametrize("seed", range(12))
def test_shapes_stand_out_from_their_background(seed: int) -> None:
    """No shape hides in its background."""
    colors = np.array(draw_colors(np.random.default_rng(seed)), np.float32) / 255
    back, front = cv2.cvtColor(colors[None], cv2.COLOR_BGR2Lab)[0]
    assert np.linalg.norm(back - front) > 40


@pytest.mark.parametrize("label", LABELS)
def test_a_drawing_is_an_image(label: str) -> None:
    """The shape covers a fair part of it."""
    image = draw(label, (97, 83), np.random.default_rng(8))
    assert image.shape == (83, 97, 3)
    assert image.dtype == np.uint8
    assert image.std(axis=(0, 1)).max() > 15
