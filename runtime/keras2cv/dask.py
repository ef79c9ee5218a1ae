"""Dask: `keras2cv.dask.predict(frame, "cat.cv", column="path")`.

    frame = dask.dataframe.from_pandas(pandas.DataFrame({"path": paths}), npartitions=100)
    keras2cv.dask.predict(frame, "/shared/cat.cv", column="path").to_parquet("s3://bucket/out")

A data frame goes through `map_partitions`, a bag of dicts as well; an array of samples, in blocks
of rows, through `map_blocks`. A worker loads the net once for each of its threads.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from keras2cv.batches.array_predictor import ArrayPredictor
from keras2cv.batches.batch_predictor import BatchPredictor
from keras2cv.batches.importing import import_engine
from keras2cv.batches.records import RecordPredictor
from keras2cv.errors import UsageError

__all__ = ["BatchPredictor", "infer", "predict"]


def predict(data: Any, bundle: str | os.PathLike[str], **options: Any) -> Any:
    """Return a Dask data frame, or a bag, with the answers, computed when it is needed.

    If a worker dies, Dask gives its partitions to another.

    Args:
        data: a `dask.dataframe.DataFrame`, or a `dask.bag.Bag` of dicts.
        bundle: the bundle's folder, at the same path on every machine.
        options: those of `BatchPredictor`: column, answer, prefix, keep_input, ...

    Raises:
        BundleError: no bundle, or one that is incomplete or too new.
        MissingDependency: Dask is not installed, or without its data frames.
        UsageError: neither a data frame nor a bag, or an argument that means nothing.
    """
    predictor = BatchPredictor(bundle, **options)
    if isinstance(data, import_engine("dask.bag", "dask").Bag):
        return data.map_partitions(RecordPredictor(predictor))
    if isinstance(data, import_engine("dask.dataframe", "dask").DataFrame):
        return data.map_partitions(predictor, meta=predictor(data._meta))
    raise UsageError(
        f"keras2cv.dask.predict takes a data frame or a bag of Dask, got {type(data).__name__}. "
        "Make one with dask.dataframe.from_pandas; arrays go to keras2cv.dask.infer."
    )


def infer(array: Any, bundle: str | os.PathLike[str], *, output: str | None = None) -> Any:
    """Return an output of the model for a Dask array of samples, as `keras_model.predict` does.

    Args:
        array: a `dask.array.Array` (N, ...) as `Predictor.infer` takes it, or flat rows (N, size).
        bundle: the bundle's folder, at the same path on every machine.
        output: Keras' name of the output; None: the only one.

    Raises:
        BundleError: no bundle, or one that is incomplete or too new.
        MissingDependency: Dask is not installed, or without its arrays.
        UsageError: no array, a model of several inputs, or no such output.
    """
    if not isinstance(array, import_engine("dask.array", "dask").Array):
        raise UsageError(
            f"keras2cv.dask.infer takes a dask.array.Array, got {type(array).__name__}. "
            "Make one with dask.array.from_array."
        )
    blocks = ArrayPredictor(bundle, output)
    rows = array.rechunk(dict.fromkeys(range(1, array.ndim), -1))
    shape = blocks.shape
    return rows.map_blocks(
        blocks,
        dtype=blocks.dtype,
        chunks=(rows.chunks[0], *((size,) for size in shape)),
        drop_axis=list(range(1, rows.ndim)),
        new_axis=list(range(1, len(shape) + 1)),
        meta=np.zeros((0,) * (len(shape) + 1), blocks.dtype),
    )
