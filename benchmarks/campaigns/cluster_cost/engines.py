"""Ways to predict image files with a number of workers, each on one thread.

Each is a context that yields a function from paths to results as JSON, in the order of the paths.
What it needs is imported inside: an engine may be missing.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, TypeAlias

import keras2cv
from keras2cv.batches.batch_predictor import BatchPredictor
from keras2cv.batches.importing import import_engine

Predict: TypeAlias = Callable[[list[str]], list[str]]
Engine: TypeAlias = Callable[[str, int], AbstractContextManager[Predict]]

PER_TASK: Final = 16  # images


@contextmanager
def in_processes(bundle: str, workers: int) -> Iterator[Predict]:
    """Yield a pool of Python's own, without an engine."""
    predictor = BatchPredictor(bundle, column="path")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:

        def predict(paths: list[str]) -> list[str]:
            batches = [{"path": paths[k : k + PER_TASK]} for k in range(0, len(paths), PER_TASK)]
            return [text for found in pool.map(predictor, batches) for text in found["result"]]

        yield predict


@contextmanager
def on_ray(bundle: str, workers: int) -> Iterator[Predict]:
    """Yield a pool of actors on a Ray of this machine."""
    ray = import_engine("ray", "ray")
    data = import_engine("ray.data", "ray")
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
    data.DataContext.get_current().enable_progress_bars = False

    def predict(paths: list[str]) -> list[str]:
        rows = data.from_items(
            [{"id": k, "path": path} for k, path in enumerate(paths)],
            override_num_blocks=max(1, len(paths) // PER_TASK),
        )
        found = keras2cv.ray.predict(
            rows, bundle, column="path", workers=workers, batch_size=PER_TASK
        )
        return [row["result"] for row in sorted(found.take_all(), key=lambda row: row["id"])]

    yield predict
    ray.shutdown()


@contextmanager
def on_dask(bundle: str, workers: int) -> Iterator[Predict]:
    """Yield workers of one thread on a Dask of this machine."""
    frames = import_engine("dask.dataframe", "dask")
    distributed = import_engine("distributed", "dask")
    pandas = import_engine("pandas", "dask")
    cluster = distributed.LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None
    )
    with cluster, distributed.Client(cluster):

        def predict(paths: list[str]) -> list[str]:
            rows = frames.from_pandas(pandas.DataFrame({"path": paths}), chunksize=PER_TASK)
            return list(keras2cv.dask.predict(rows, bundle, column="path").compute()["result"])

        yield predict


@contextmanager
def on_spark(bundle: str, workers: int) -> Iterator[Predict]:
    """Yield a local Spark."""
    sql = import_engine("pyspark.sql", "spark")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = sql.SparkSession.builder.master(f"local[{workers}]")
    session = builder.config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("OFF")

    def predict(paths: list[str]) -> list[str]:
        rows = session.createDataFrame(list(enumerate(paths)), "id long, path string")
        parts = rows.repartitionByRange(max(workers, len(paths) // PER_TASK), "id")
        found = keras2cv.spark.predict(parts, bundle, column="path").collect()
        return [row["result"] for row in sorted(found, key=lambda row: row["id"])]

    yield predict
    session.stop()


ENGINES: Final[Mapping[str, Engine]] = {
    "processes": in_processes,
    "ray": on_ray,
    "dask": on_dask,
    "spark": on_spark,
}


def one_process(bundle: str, paths: list[str]) -> list[str]:
    """Return the answers that every engine must give."""
    answers: Any = BatchPredictor(bundle, column="path")({"path": paths})["result"]
    return list(answers)
