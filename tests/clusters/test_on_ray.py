"""keras2cv.ray on a local cluster: the answers of one process, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras2cv
from keras2cv.errors import BundleError, UsageError
from support.cluster_data import COUNT, ClusterData

pytest.importorskip("ray.data", reason="Ray Data is not installed")
import ray

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    roots = os.pathsep.join(str(ROOT / name) for name in ("runtime", "tests"))
    where = {"env_vars": {"PYTHONPATH": roots}}  # of the classes below
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, runtime_env=where)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


def rows_of(data: ClusterData) -> Any:
    """Return the rows in four blocks."""
    rows = [{"id": k, "content": file} for k, file in enumerate(data.files)]
    return ray.data.from_items(rows, override_num_blocks=4)


def test_every_row_has_the_answer_of_one_process(data: ClusterData) -> None:
    """With two actors; broken rows have a reason."""
    found = keras2cv.ray.predict(
        rows_of(data), data.bundle, column="content", workers=2, batch_size=5
    )
    data.check(found.take_all())


def test_no_rows_give_none(data: ClusterData) -> None:
    """A filter may leave nothing."""
    nothing = rows_of(data).filter(expr="id > 1000")
    found = keras2cv.ray.predict(nothing, data.bundle, column="content", workers=1)
    assert found.take_all() == []


def test_the_class_and_a_predictor_go_to_map_batches(data: ClusterData) -> None:
    """As Ray's users write it: a class per actor; a loaded model; both keep ids."""
    pool = ray.data.ActorPoolStrategy(size=1)
    given = {"bundle": str(data.bundle), "column": "content"}
    found = rows_of(data).map_batches(
        keras2cv.ray.BatchPredictor, fn_constructor_kwargs=given, compute=pool
    )
    data.check(found.take_all())
    rows = [{"id": k, "photo": photo} for k, photo in enumerate(data.photos)]
    arrays = ray.data.from_items(rows)
    model = keras2cv.load(data.bundle)
    for form in ("numpy", "pandas"):
        rows = arrays.map_batches(model, batch_format=form).take_all()
        rows.sort(key=lambda row: row["id"])
        assert [row["id"] for row in rows] == list(range(COUNT))
        np.testing.assert_array_equal(np.stack([row["scores"] for row in rows]), data.scores)


class KilledOnce:
    """Kills its own process at the fifth row, the first time that it comes."""

    def __init__(self, mark: str) -> None:
        """Remember by a file that it has happened."""
        self.mark = Path(mark)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Pass the batch on, or die."""
        if 5 in batch["id"] and not self.mark.exists():
            self.mark.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
        return batch


class KilledPredictor(keras2cv.ray.BatchPredictor):
    """A worker that is killed in the middle of its work."""

    def __init__(self, mark: str, bundle: str) -> None:
        """Predict `bundle`."""
        super().__init__(bundle, column="content")
        self.killed = KilledOnce(mark)

    def __call__(self, batch: Any) -> Any:
        """Answer, or die."""
        return super().__call__(self.killed(batch))


def test_a_killed_worker_loses_nothing(data: ClusterData, tmp_path: Path) -> None:
    """Another takes its batches: each row is there once."""
    mark = tmp_path / "killed"
    found = rows_of(data).map_batches(
        KilledPredictor,
        fn_constructor_args=[str(mark), str(data.bundle)],
        batch_size=3,
        compute=ray.data.ActorPoolStrategy(size=2),
    )
    data.check(found.take_all())
    assert mark.exists()


def test_what_cannot_work_is_refused_before_a_worker_starts(data: ClusterData) -> None:
    """In one sentence, where an actor's error would be a page."""
    with pytest.raises(UsageError, match=r"takes a ray\.data\.Dataset, got list"):
        keras2cv.ray.predict([1], data.bundle)
    with pytest.raises(BundleError, match="does not exist"):
        keras2cv.ray.predict(rows_of(data), data.bundle.with_name("gone.cv"))
    with pytest.raises(UsageError, match="workers must be at least 1"):
        keras2cv.ray.predict(rows_of(data), data.bundle, column="content", workers=0)
    with pytest.raises(UsageError, match="no column photo, only id, content"):
        keras2cv.ray.predict(rows_of(data), data.bundle)
