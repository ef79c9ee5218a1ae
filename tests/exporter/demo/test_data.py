"""The data set: the model learns from exactly what the bundle will feed it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from keras2cv_export.demo.data import RULES, SIZE_WH, Dataset, draw_dataset
from keras2cv_export.demo.shapes import LABELS, drawings


def test_inputs_are_the_images_as_the_deployed_code_prepares_them() -> None:
    """RGB, divided by 255, stretched by the runtime's own resize: nothing can drift apart."""
    data = draw_dataset(7, (44, 61), 5)
    assert data.inputs.shape == (7, SIZE_WH[1], SIZE_WH[0], 3)
    assert data.inputs.dtype == np.float32
    for image, found in zip(data.images_bgr, data.inputs, strict=True):
        expected = cv2.resize(image, SIZE_WH, interpolation=cv2.INTER_LINEAR)[..., ::-1] / 255
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_images_and_classes_are_those_of_the_drawings() -> None:
    """Nothing is reordered on the way."""
    data = draw_dataset(8, (44, 61), 5)
    drawn = list(drawings(8, (44, 61), 5))
    assert [LABELS[k] for k in data.classes] == [drawing.label for drawing in drawn]
    for image, drawing in zip(data.images_bgr, drawn, strict=True):
        np.testing.assert_array_equal(image, drawing.image_bgr)


def test_every_image_is_counted() -> None:
    """A bar can be drawn from what is called back."""
    steps: list[tuple[int, int]] = []
    draw_dataset(3, (44, 61), 5, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_the_rules_are_those_of_the_preset() -> None:
    """`--preprocess 0-1` is what the demo tells people to type."""
    assert (RULES.color, RULES.scale, RULES.resize) == ("RGB", 1 / 255, "stretch")
    assert RULES.size_wh == SIZE_WH


def test_an_uneven_data_set_is_refused() -> None:
    """An image without its class is a mistake where it is made."""
    image = np.zeros((5, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="got 2 images, 2 inputs and 1 classes"):
        Dataset((image, image), np.zeros((2, 5, 4, 3), np.float32), np.array([0]))
