"""The process that times OpenCV: it answers by number; its end is an error, not a hang."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras2cv.errors import NetError
from keras2cv.net.engines import ENGINES
from keras2cv_export.speed.sides import _predicts, opencv_side
from support.engines import ONE_ENGINE

PHOTO = np.zeros((50, 40, 3), np.uint8)
ARRAY = np.zeros((1, 20, 31, 3), np.float32)


@pytest.mark.parametrize("arrays", [{"image/0": PHOTO, "image/1": PHOTO}, {"in/0/0": ARRAY}])
def test_it_reports_the_engine_and_times_every_sample(arrays: dict[str, Any], shapes: Any) -> None:
    """Pictures through predict, arrays through infer."""
    with opencv_side(shapes.folder, ENGINES[-1], arrays) as (started, side):
        assert started["engine"] == ENGINES[-1]
        assert started["threads"] >= 1
        assert all(side(number) > 0 for number in range(len(arrays)))


def test_a_batch_of_three_is_filled(shapes_by_three: Any) -> None:
    """By as many pictures as the file takes."""
    with opencv_side(shapes_by_three.folder, ENGINES[-1], {"image/0": PHOTO}) as (_, side):
        assert side(0) > 0


def test_two_nets_work_at_the_same_time(shapes: Any) -> None:
    """Each on its own samples, in one process."""
    options = {"nets": 2, "threads": 1}
    with opencv_side(shapes.folder, ENGINES[-1], {"in/0/0": ARRAY}, options=options) as (_, side):
        assert side(0) > 0


def test_a_process_that_ends_is_an_error(tmp_path: Path, shapes: Any) -> None:
    """At its start, and later on."""
    with (
        pytest.raises(NetError, match="ended without an answer"),
        opencv_side(tmp_path / "none.cv", ONE_ENGINE, {"image/0": PHOTO}),
    ):
        pass
    with (
        pytest.raises(NetError, match="ended without an answer"),
        opencv_side(shapes.folder, ONE_ENGINE, {"image/0": PHOTO}) as (_, side),
    ):
        side(5)


@pytest.mark.parametrize(
    ("name", "runs"), [("model_1.a", True), ("my model", False), ("_a", False)]
)
def test_predict_is_timed_where_keras_can_run_it(name: str, runs: bool) -> None:
    """Its own predict fails on names that are no scope's, which a whole check must survive."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)], name=name)
    assert _predicts(model) is runs
    if not runs:
        # Keras leaves the failed scope open, in this thread only, for every layer that comes later.
        with (
            ThreadPoolExecutor(1) as elsewhere,
            pytest.raises(ValueError, match="not a valid root scope name"),
        ):
            elsewhere.submit(model.predict, np.ones((1, 3)), verbose=0).result()
