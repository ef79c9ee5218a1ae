"""mAP of images that are drawn again, beside the mAP of a data set that has them so often."""

from __future__ import annotations

import numpy as np
import pytest

from keras2cv.evaluation.metrics import resampled_coco
from keras2cv.evaluation.metrics.box_matches import BoxMatches, match_image
from keras2cv.evaluation.metrics.coco import summary
from keras2cv.evaluation.metrics.resampled_coco import weighted_map

Array = np.ndarray
CLASSES = 3


def image_matches(rng: np.random.Generator) -> dict[str, Array]:
    """Return the matches of an image with a few boxes, near misses, crowds and ignored ones."""
    count = int(rng.integers(0, 6))
    true = np.concatenate([rng.uniform(0, 300, (count, 2)), rng.uniform(20, 90, (count, 2))], 1)
    near = true + rng.normal(0, 4, true.shape)
    strange = np.concatenate([rng.uniform(0, 300, (3, 2)), rng.uniform(20, 90, (3, 2))], 1)
    kinds = rng.integers(0, CLASSES - 1, count)
    return match_image(
        (
            np.concatenate([near, strange]),
            rng.random(count + 3),
            np.concatenate([kinds, rng.integers(0, CLASSES, 3)]),
        ),
        (
            true,
            true[:, 2] * true[:, 3],
            kinds,
            rng.random(count) < 0.1,
            rng.random(count) < 0.1,
        ),
    )


@pytest.mark.parametrize("at_once", [1_000_000, 50])
@pytest.mark.parametrize("seed", range(6))
def test_a_weight_is_so_many_images(
    seed: int, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each row of weights, what pycocotools' rules give where the images are repeated."""
    monkeypatch.setattr(resampled_coco, "_AT_ONCE", at_once)
    rng = np.random.default_rng(seed)
    images = [image_matches(rng) for _ in range(8)]
    once = BoxMatches(CLASSES)
    for one in images:
        once.add_matches(one)
    weights = np.concatenate([np.ones((1, 8)), rng.multinomial(8, np.full(8, 1 / 8), 12)])
    expected = []
    for row in weights.astype(int):
        repeated = BoxMatches(CLASSES)
        for one, often in zip(images, row, strict=True):
            for _ in range(often):
                repeated.add_matches(one)
        found = summary(repeated.classes())["mAP"]
        expected.append(np.nan if found is None else found)
    got = weighted_map(once.classes(), weights)
    assert got == pytest.approx(np.array(expected), abs=1e-12, nan_ok=True)


def test_nothing_true_has_no_map() -> None:
    """Neither without any true box, nor where the drawn images have none."""
    assert np.isnan(weighted_map(BoxMatches(2).classes(), np.ones((1, 4)))).all()
    rng = np.random.default_rng(3)
    kept = BoxMatches(CLASSES)
    for _ in range(4):
        kept.add_matches(image_matches(rng))
    assert np.isnan(weighted_map(kept.classes(), np.zeros((1, 4)))).all()
