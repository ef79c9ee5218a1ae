"""The adapters on played engines, where none is installed; tests/clusters has the real ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import keras2cv
from keras2cv.errors import BundleError, InputError, MissingDependency, UsageError
from support.cluster_data import COUNT, ClusterData, cluster_data
from support.played_engines import Bag, Blocks, Dataset, Parts, SparkFrame, played_modules
from support.played_frame import Frame

CUTS = [slice(0, 10), slice(10, 10), slice(10, COUNT)]  # an empty one among them


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ClusterData:
    """Rows, and the answers of one process."""
    before = cv2.getNumThreads()
    found = cluster_data(tmp_path_factory.mktemp("played"))
    cv2.setNumThreads(before)
    return found


@pytest.fixture
def _played(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in played_modules().items():
        monkeypatch.setitem(sys.modules, name, module)


def columns(data: ClusterData, cut: slice) -> dict[str, Any]:
    """Return the rows of a part as columns."""
    files = np.empty(COUNT, object)
    files[:] = data.files
    return {"id": np.arange(COUNT)[cut], "content": files[cut]}


def frames(data: ClusterData) -> list[Frame]:
    """Return the parts as data frames."""
    return [Frame(columns(data, cut), range(COUNT)[cut]) for cut in CUTS]


def dicts(parts: list[Any]) -> list[dict[str, Any]]:
    """Return the rows of batches."""
    names = list(parts[0] if isinstance(parts[0], dict) else parts[0].columns)
    rows = [zip(*(part[name] for name in names), strict=True) for part in parts]
    return [dict(zip(names, row, strict=True)) for part in rows for row in part]


@pytest.mark.usefixtures("_played")
def test_ray_gets_a_class_and_a_pool(data: ClusterData) -> None:
    """A CPU for each actor, and no more actors than CPUs."""
    blocks = Dataset([columns(data, cut) for cut in CUTS])
    found = keras2cv.ray.predict(blocks, data.bundle, column="content")
    data.check(dicts(found.blocks))
    assert found.asked == {
        "compute": (1, 6),
        "num_cpus": 1,
        "batch_size": 32,
        "batch_format": "numpy",
    }
    found = keras2cv.ray.predict(
        blocks, data.bundle, column="content", workers=(2, 3), ray_options={"num_cpus": 2}
    )
    assert (found.asked["compute"], found.asked["num_cpus"]) == ((2, 3), 2)


@pytest.mark.usefixtures("_played")
def test_dask_gets_a_function_and_the_columns(data: ClusterData) -> None:
    """For frames, bags of dicts and arrays."""
    parts = frames(data)
    found = keras2cv.dask.predict(Parts(parts, parts[1]), data.bundle, column="content")
    data.check(dicts(found.parts))
    assert (found._meta.columns, found._meta.index) == (found.parts[0].columns, [])
    records = [dicts([part]) for part in parts]
    bag = keras2cv.dask.predict(Bag(records), data.bundle, column="content")
    data.check([row for part in bag.parts for row in part])
    blocks, described = keras2cv.dask.infer(Blocks(data.photos), data.bundle)
    np.testing.assert_array_equal(np.concatenate(blocks), data.scores)
    assert described["chunks"] == ((2, COUNT - 2), (5,))
    assert (described["drop_axis"], described["new_axis"]) == ([1, 2, 3], [1])


@pytest.mark.usefixtures("_played")
def test_spark_gets_an_iterator_and_a_schema(data: ClusterData) -> None:
    """Types by the columns' dtypes."""
    frame = SparkFrame(frames(data), ["id", "content"])
    found = keras2cv.spark.predict(frame, data.bundle, column="content")
    data.check(dicts(found.parts))
    assert found.columns == ["id", "label", "score", "result", "error"]
    arrays = keras2cv.spark.predict(frame, data.bundle, column="content", answer="arrays")
    assert arrays.columns == ["id", "scores", "error"]


ENGINES = {
    "ray": ("ray.data", lambda bundle: keras2cv.ray.predict([], bundle)),
    "dask": ("dask.dataframe", lambda bundle: keras2cv.dask.predict([], bundle)),
    "spark": ("pyspark", lambda bundle: keras2cv.spark.predict([], bundle)),
}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_missing_engine_is_one_sentence(
    engine: str, data: ClusterData, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the line that installs it."""
    module, predict = ENGINES[engine]
    for name in list(sys.modules):
        if name.partition(".")[0] == module.partition(".")[0]:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module.partition(".")[0], None)  # type: ignore[arg-type]
    with pytest.raises(MissingDependency) as caught:
        predict(data.bundle)
    assert f"keras2cv.{engine} needs {module.partition('.')[0]}" in str(caught.value)
    assert f"pip install 'keras2cv[{engine}]'" in str(caught.value)


@pytest.mark.usefixtures("_played")
def test_what_cannot_work_is_refused_before_a_worker_starts(data: ClusterData) -> None:
    """Other data, no bundle, a missing column, a name that is taken, no worker."""
    rows = Dataset([columns(data, CUTS[0])])
    frame = SparkFrame(frames(data), ["id", "content", "label"])
    wrong: list[tuple[type[Exception], str, Any]] = [
        (UsageError, "ray.data.Dataset, got list", lambda: keras2cv.ray.predict([], data.bundle)),
        (UsageError, "or a bag of Dask, got list", lambda: keras2cv.dask.predict([], data.bundle)),
        (UsageError, "Array, got ndarray", lambda: keras2cv.dask.infer(data.photos, data.bundle)),
        (UsageError, "DataFrame, got list", lambda: keras2cv.spark.predict([], data.bundle)),
        (BundleError, "does not exist", lambda: keras2cv.ray.predict(rows, "gone.cv")),
        (UsageError, "no column photo, only id", lambda: keras2cv.ray.predict(rows, data.bundle)),
        (
            InputError,
            "no column photo, only id",
            lambda: keras2cv.dask.predict(Parts([], frames(data)[1]), data.bundle),
        ),
        (
            UsageError,
            "a column label already",
            lambda: keras2cv.spark.predict(frame, data.bundle, column="content"),
        ),
        (
            UsageError,
            "workers must be at least 1",
            lambda: keras2cv.ray.predict(rows, data.bundle, column="content", workers=0),
        ),
    ]
    for kind, message, call in wrong:
        with pytest.raises(kind, match=message):
            call()


def test_an_adapter_is_there_without_its_engine() -> None:
    """Importing it imports no engine, and the Tab key finds it."""
    code = (
        "import sys, keras2cv\n"
        "assert {'ray', 'dask', 'spark'} <= set(dir(keras2cv))\n"
        "keras2cv.ray.predict, keras2cv.dask.infer, keras2cv.spark.predict_udf\n"
        "print({'ray', 'dask', 'pyspark', 'pandas', 'pyarrow', 'fsspec'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(keras2cv.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "set()\n"


def test_every_adapter_has_its_extra() -> None:
    """The line that an error recommends installs something."""
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f"\n{engine} = [" in text for engine in ENGINES)
