"""keras2cv.spark on a local cluster: the answers of one process, by a Python with keras2cv."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras2cv
from keras2cv.errors import BundleError, MissingDependency, UsageError
from support.cluster_data import ClusterData

pytest.importorskip("pyspark.sql", reason="PySpark is not installed")
pytest.importorskip("pyarrow", reason="PyArrow is not installed")
if shutil.which("java") is None:
    pytest.skip("there is no Java", allow_module_level=True)
from pyspark.sql import SparkSession, functions

pytestmark = [pytest.mark.cluster, pytest.mark.filterwarnings("ignore")]
ROOTS = [str(Path(__file__).parents[2] / name) for name in ("runtime", "tests")]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Two cores, three tries for each task."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", os.pathsep.join(ROOTS))
        session = (
            SparkSession.builder.master("local[2,3]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "4")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.fixture
def rows(spark: Any, data: ClusterData) -> Any:
    """The rows in four partitions, one of which is empty."""
    given = [(k, bytearray(file)) for k, file in enumerate(data.files)]
    frame = spark.createDataFrame(given, "id int, content binary")
    return frame.repartitionByRange(3, "id").union(frame.where("id > 99"))


def dicts(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of a frame."""
    return [row.asDict() for row in frame.collect()]


def test_every_row_has_the_answer_of_one_process(rows: Any, data: ClusterData) -> None:
    """As a frame; a broken row has a reason, and no score."""
    found = keras2cv.spark.predict(rows, data.bundle, column="content")
    assert found.columns == ["id", "label", "score", "result", "error"]
    data.check(dicts(found))
    kept = keras2cv.spark.predict(rows, data.bundle, column="content", keep_input=True)
    assert kept.columns[:2] == ["id", "content"]
    assert kept.where("error != '' and score is null").count() == 2


def test_a_function_of_columns(rows: Any, data: ClusterData) -> None:
    """A pandas iterator UDF, whose answer is a struct."""
    predict = keras2cv.spark.predict_udf(data.bundle)
    found = rows.select("id", predict("content").alias("answer")).select("id", "answer.*")
    data.check(dicts(found))


def test_arrays_are_flat_rows(spark: Any, data: ClusterData) -> None:
    """In, flat or nested, and out."""
    flat = [(k, photo.ravel().tolist()) for k, photo in enumerate(data.photos)]
    nested = [(k, photo.tolist()) for k, photo in enumerate(data.photos)]
    for given, form in ((flat, "array<float>"), (nested, "array<array<array<float>>>")):
        frame = spark.createDataFrame(given, f"id int, photo {form}")
        found = keras2cv.spark.predict(frame, data.bundle, prepared=True, answer="arrays")
        scores = [row["scores"] for row in found.orderBy("id").collect()]
        np.testing.assert_array_equal(np.array(scores, np.float32), data.scores)


def test_a_predictor_in_a_udf_of_your_own(spark: Any, data: ClusterData) -> None:
    """It is unpickled in the worker, by a Python that has keras2cv."""
    model = keras2cv.load(data.bundle)
    flat = [(k, photo.ravel().tolist()) for k, photo in enumerate(data.photos)]
    frame = spark.createDataFrame(flat, "id int, photo array<float>")
    found = frame.mapInPandas(lambda parts: map(model, parts), "id int, scores array<float>")
    scores = [row["scores"] for row in found.orderBy("id").collect()]
    np.testing.assert_array_equal(np.array(scores, np.float32), data.scores)


def test_a_killed_worker_loses_nothing(rows: Any, data: ClusterData, tmp_path: Path) -> None:
    """Spark runs its task again, in another Python."""
    mark = str(tmp_path / "killed")

    def kill_once(parts: Iterator[Any]) -> Iterator[Any]:
        for part in parts:
            if 5 in set(part["id"]) and not os.path.exists(mark):  # noqa: PTH110 - no import needed
                open(mark, "w").close()  # noqa: PTH123
                os.kill(os.getpid(), signal.SIGKILL)
            yield part

    found = keras2cv.spark.predict(rows, data.bundle, column="content")
    killed = found.mapInPandas(kill_once, found.schema)
    data.check(dicts(killed))
    assert Path(mark).exists()


def test_what_cannot_work_is_refused_before_a_task_starts(rows: Any, data: ClusterData) -> None:
    """In one sentence, where a task's error is a page of Java."""
    with pytest.raises(UsageError, match=r"takes a pyspark\.sql\.DataFrame, got list"):
        keras2cv.spark.predict([1], data.bundle)
    with pytest.raises(BundleError, match="does not exist"):
        keras2cv.spark.predict(rows, data.bundle.with_name("gone.cv"))
    with pytest.raises(UsageError, match="no column photo, only id, content"):
        keras2cv.spark.predict(rows, data.bundle)
    labelled = rows.withColumn("label", functions.lit("cat"))
    with pytest.raises(UsageError, match="a column label already"):
        keras2cv.spark.predict(labelled, data.bundle, column="content")
    with pytest.raises(UsageError, match="prefix: a UDF is given its columns"):
        keras2cv.spark.predict_udf(data.bundle, prefix="a_")


def test_workers_of_a_python_without_keras2cv_are_noticed(
    rows: Any, data: ClusterData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spark's default is the first `python3` of the PATH; the error would name an import."""
    python = tmp_path / "python3"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(rows.sparkSession.sparkContext, "pythonExec", str(python))
    for call in (
        lambda: keras2cv.spark.predict(rows, data.bundle, column="content"),
        lambda: keras2cv.spark.predict_udf(data.bundle),
    ):
        with pytest.raises(MissingDependency, match=r"Set PYSPARK_PYTHON to .*before Spark starts"):
            call()
