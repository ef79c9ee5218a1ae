"""keras2cv.dask on its own threads and on a local cluster: the answers of one process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras2cv
from keras2cv.errors import InputError, UsageError
from support.cluster_data import BROKEN, COUNT, ClusterData

pytest.importorskip("dask.dataframe", reason="Dask's data frames are not installed")
import dask
import dask.array
import dask.bag
import dask.dataframe
import pandas as pd
import pyarrow as pa

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module", params=["threads", "processes"], autouse=True)
def _scheduler(request: pytest.FixtureRequest) -> Iterator[None]:
    """Dask's threads in this process, and workers of one thread in their own."""
    if request.param == "threads":
        with dask.config.set(scheduler="threads", num_workers=2):
            yield
        return
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster, distributed.Client(cluster):
        yield


def paths_of(data: ClusterData, folder: Path) -> Any:
    """Return a frame of paths and ids, with an index of its own, in four partitions."""
    paths = data.write_files(folder / "photos")
    frame = pd.DataFrame({"id": range(COUNT), "path": paths}, index=range(100, 100 + COUNT))
    return dask.dataframe.from_pandas(frame, npartitions=4)


def test_every_row_has_the_answer_of_one_process(data: ClusterData, tmp_path: Path) -> None:
    """The index stays, and so does Dask's idea of the columns."""
    frame = paths_of(data, tmp_path)
    found = keras2cv.dask.predict(frame, data.bundle, column="path", keep_input=True)
    computed = found.compute()
    data.check(computed.to_dict("records"))
    assert list(computed.index) == list(range(100, 100 + COUNT))
    assert list(found.columns) == list(computed.columns)
    assert list(found.dtypes) == list(computed.dtypes)


def test_empty_partitions_stay_empty(data: ClusterData, tmp_path: Path) -> None:
    """Some of them, and all."""
    frame = paths_of(data, tmp_path)
    some = keras2cv.dask.predict(frame[frame.id > 20], data.bundle, column="path").compute()
    assert list(some["result"]) == data.documents[21:]
    none = keras2cv.dask.predict(frame[frame.id > 99], data.bundle, column="path").compute()
    assert list(none.columns) == ["id", "label", "score", "result", "error"]
    assert len(none) == 0


def test_bytes_bags_and_arrays(data: ClusterData) -> None:
    """What Dask has beside frames of paths."""
    with dask.config.set({"dataframe.convert-string": False}):
        frame = pd.DataFrame({"id": range(COUNT), "photo": data.files})
        parts = dask.dataframe.from_pandas(frame, npartitions=3)
        data.check(keras2cv.dask.predict(parts, data.bundle).compute().to_dict("records"))
    records = [{"id": k, "photo": file} for k, file in enumerate(data.files)]
    bag = dask.bag.from_sequence(records, npartitions=3)
    data.check(keras2cv.dask.predict(bag, data.bundle).compute())
    photos = dask.array.from_array(data.photos, chunks=(7, 9, 6, 3))
    scores = keras2cv.dask.infer(photos, data.bundle)
    assert (scores.shape, scores.dtype) == (data.scores.shape, data.scores.dtype)
    np.testing.assert_array_equal(scores.compute(), data.scores)
    flat = dask.array.from_array(data.photos.reshape(COUNT, -1), chunks=(5, -1))
    np.testing.assert_array_equal(keras2cv.dask.infer(flat, data.bundle).compute(), data.scores)


def test_answers_are_written_and_read(data: ClusterData, tmp_path: Path) -> None:
    """As Parquet, with the errors in SQL's reach; arrays as lists, of a type that Dask is told."""
    frame = paths_of(data, tmp_path)
    types = {"results": None, "arrays": {"scores": pa.list_(pa.float32())}}
    for answer, schema in types.items():
        found = keras2cv.dask.predict(frame, data.bundle, column="path", answer=answer)
        found.to_parquet(tmp_path / answer, schema=schema or "infer")
        read = dask.dataframe.read_parquet(tmp_path / answer).compute()
        assert list(read[read.error != ""].id) == list(BROKEN)
    np.testing.assert_array_equal(np.isnan(np.stack(read.scores)).any(axis=1), read.error != "")


def test_a_killed_worker_loses_nothing(data: ClusterData, tmp_path: Path) -> None:
    """Its partitions go to another, or to the one that is started in its place."""
    if dask.config.get("scheduler", None) == "threads":
        pytest.skip("the threads are this process'")
    mark = tmp_path / "killed"

    def kill_once(part: Any) -> Any:
        if 5 in set(part.id) and not mark.exists():
            mark.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
        return part

    frame = paths_of(data, tmp_path)
    found = keras2cv.dask.predict(frame, data.bundle, column="path").map_partitions(kill_once)
    data.check(found.compute().to_dict("records"))
    assert mark.exists()


def test_what_cannot_work_is_refused_before_it_is_computed(
    data: ClusterData, tmp_path: Path
) -> None:
    """In one sentence."""
    frame = paths_of(data, tmp_path)
    with pytest.raises(UsageError, match="a data frame or a bag of Dask, got list"):
        keras2cv.dask.predict([1], data.bundle)
    with pytest.raises(InputError, match="no column photo, only id, path"):
        keras2cv.dask.predict(frame, data.bundle)
    with pytest.raises(UsageError, match=r"takes a dask\.array\.Array, got ndarray"):
        keras2cv.dask.infer(data.photos, data.bundle)
