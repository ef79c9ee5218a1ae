"""Image to image, and embeddings: values, shapes and texts of the results."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from keras2cv.bundle.manifest import Task
from keras2cv.errors import BundleError, UsageError
from keras2cv.pixels.geometry import Placement, place
from keras2cv.tasks.embed.postprocess import embed
from keras2cv.tasks.embed.result import Embedding
from keras2cv.tasks.image.postprocess import image, to_bgr
from keras2cv.tasks.image.record import ImageRecord
from keras2cv.tasks.image.result import ImageResult

INPUT_WH = (48, 32)
RGB = ImageRecord("y", "RGB", 0.0, 1.0)


def run(record: ImageRecord, sample: Any, placement: Placement) -> ImageResult:
    """Return the result of one sample, which is given without the batch dimension."""
    task = Task("image", record=record)
    return image(task, {record.output: np.asarray(sample, np.float32)[None]}, [placement])[0]


def smooth(wh: tuple[int, int], channels: int = 3) -> Any:
    """Return a smooth image (h, w, channels) float32, 0 to 1."""
    coarse = np.random.default_rng(8).uniform(0, 1, (5, 6, channels)).astype(np.float32)
    return cv2.resize(coarse, wh, interpolation=cv2.INTER_LINEAR).reshape(*wh[::-1], channels)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)])
@pytest.mark.parametrize("color", ["RGB", "BGR", "GRAY"])
def test_values_become_pixels_by_their_range(low: float, high: float, color: str) -> None:
    """Rounded to the nearest, clipped, in BGR whatever the model's order."""
    channels = 1 if color == "GRAY" else 3
    shares = np.random.default_rng(2).uniform(-0.2, 1.2, (7, 9, channels))
    record = ImageRecord("y", color, low, high)  # type: ignore[arg-type]
    got = to_bgr((shares * (high - low) + low).astype(np.float32), record)
    expected = (shares * 255).clip(0, 255)
    expected = expected[..., ::-1] if color == "RGB" else np.repeat(expected, 4 - channels, 2)
    assert got.dtype == np.uint8
    assert got.shape == (7, 9, 3)
    assert np.abs(got - expected[..., :3]).max() <= 0.5 + 1e-4


def test_what_is_no_number_is_black_and_what_is_infinite_is_clipped() -> None:
    """No value turns into a random pixel."""
    values = np.array([[np.nan, np.inf, -np.inf, 0.5]], np.float32)
    assert to_bgr(values, ImageRecord("y", "GRAY", 0, 1))[0, :, 0].tolist() == [0, 255, 0, 128]


@pytest.mark.parametrize("scale", [0.5, 1, 4])
def test_the_bars_of_a_letterbox_are_cut_off(scale: float) -> None:
    """At every resolution of the output, only the image's own part is left, undistorted."""
    placement = place((90, 90), INPUT_WH, "letterbox")  # 32 of 48 columns
    out_wh = (round(48 * scale), round(32 * scale))
    sample = np.ones((*out_wh[::-1], 3), np.float32)
    sample[:, round(8 * scale) : round(40 * scale)] = 0.2
    result = run(RGB, sample, placement)
    assert result.image_bgr.shape == (round(32 * scale), round(32 * scale), 3)
    assert (result.image_bgr == 51).all()


def test_the_picture_has_the_shape_of_what_went_in() -> None:
    """The image's size where the network's is smaller, and the network's own where it enlarges."""
    sample = smooth(INPUT_WH)
    photo = np.zeros((290, 431, 3), np.uint8)
    stretched = run(RGB, sample, place((431, 290), INPUT_WH, "stretch"))
    drawn = stretched.draw(photo)
    assert drawn.shape == (290, 431, 3)
    small = cv2.resize(drawn, INPUT_WH, interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - stretched.image_bgr).mean() < 3
    enlarging = run(RGB, smooth((192, 128)), place(INPUT_WH, INPUT_WH, "stretch"))
    drawn = enlarging.draw(np.zeros((32, 48, 3), np.uint8))
    assert np.array_equal(drawn, enlarging.image_bgr)
    assert drawn.shape == (128, 192, 3)
    cropped = run(RGB, sample, place((431, 90), INPUT_WH, "center-crop"))
    assert cropped.draw(np.zeros((90, 431, 3), np.uint8)).shape == (90, 135, 3)
    with pytest.raises(UsageError, match="This was made of 431x290 pixels, got an image of 48x32"):
        stretched.draw(np.zeros((32, 48, 3), np.uint8))


def test_an_image_result_has_size_and_colour() -> None:
    """JSON is no place for pixels."""
    sample = np.full((32, 48, 3), (1.0, 0.4, 0.0), np.float32)
    result = run(RGB, sample, place(INPUT_WH, INPUT_WH, "stretch"))
    assert result.to_dict() == {"task": "image", "image_wh": [48, 32], "mean_bgr": [0, 102, 255]}


@pytest.mark.parametrize(
    ("record", "shape", "path"),
    [
        (("y", "RGB", 1.0, 1.0), (8, 9, 3), "high"),
        (("y", "RGB", 0.0, 1.0), (8, 9), "output"),
        (("y", "GRAY", 0.0, 1.0), (8, 9, 3), "output"),
        (("y", "RGB", 0.0, 1.0), (8, 9, 4), "output"),
    ],
)
def test_what_is_no_image_is_refused(record: Any, shape: Any, path: str) -> None:
    """With the name of the fact that does not fit."""
    with pytest.raises(BundleError, match=f"^{path}: "):
        ImageRecord(*record).count_classes({"output": shape})


def test_an_embedding_is_the_models_vector() -> None:
    """One per sample, in one dimension, unchanged."""
    array = np.random.default_rng(1).normal(size=(3, 2, 4)).astype(np.float32)
    results = embed(Task("embed", "y"), {"y": array})
    assert [result.vector.tolist() for result in results] == array.reshape(3, 8).tolist()
    assert results[1].to_dict() == {"task": "embed", "vector": array[1].ravel().tolist()}
    assert results[0].draw(np.zeros((200, 300, 3), np.uint8)).any()


def test_the_cosine_distance_is_one_minus_the_cosine() -> None:
    """0 in the same direction, 1 at right angles, 2 opposite, whatever the lengths."""
    rng = np.random.default_rng(6)
    a, b = rng.normal(size=(2, 64)).astype(np.float32)
    cosine = np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)
    assert Embedding(a).cosine_distance(Embedding(b)) == pytest.approx(1 - cosine, abs=1e-6)
    assert Embedding(a).cosine_distance(Embedding(7 * a)) == pytest.approx(0, abs=1e-7)
    assert Embedding(a).cosine_distance(Embedding(-a)) == pytest.approx(2, abs=1e-7)
    axes = np.eye(2, dtype=np.float32)
    assert Embedding(axes[0]).cosine_distance(Embedding(axes[1])) == 1
    assert np.isnan(Embedding(a).cosine_distance(Embedding(np.zeros(64, np.float32))))


def test_embeddings_of_different_models_are_not_compared() -> None:
    """Another number of dimensions is another space; two dimensions are no vector."""
    with pytest.raises(UsageError, match="An embedding of 3 numbers cannot be compared with one"):
        Embedding(np.ones(3, np.float32)).cosine_distance(Embedding(np.ones(4, np.float32)))
    with pytest.raises(UsageError, match=r"must be \(D,\) float32, got \(2, 2\) float32"):
        Embedding(np.ones((2, 2), np.float32))
