"""Spark: `keras2cv.spark.predict(frame, "cat.cv", column="content")`.

    images = spark.read.format("binaryFile").load("s3a://bucket/photos/*.jpg")
    keras2cv.spark.predict(images, "/shared/cat.cv", column="content").write.parquet("out")

Or as a function of columns, a pandas iterator UDF whose answer is a struct:

    predict = keras2cv.spark.predict_udf("/shared/cat.cv")
    images.select("path", predict("content").alias("answer")).select("path", "answer.*")

A Python worker of Spark loads the net once, and keeps it for its later tasks. Spark starts workers
by the name `python3`, unless PYSPARK_PYTHON names the Python that has keras2cv and OpenCV.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from keras2cv.batches.added_columns import AddedColumn
from keras2cv.batches.batch_predictor import BatchPredictor
from keras2cv.batches.importing import import_engine
from keras2cv.errors import MissingDependency, UsageError

__all__ = ["BatchPredictor", "predict", "predict_udf"]

_PATIENCE_S: Final = 60.0
_TYPES: Final = {
    "str": "StringType",
    "float64": "DoubleType",
    "float32": "FloatType",
    "float16": "FloatType",
    "bool": "BooleanType",
    "int8": "ByteType",
    "uint8": "ShortType",
    "int16": "ShortType",
    "uint16": "IntegerType",
    "int32": "IntegerType",
}  # of other integers: LongType


def predict(frame: Any, bundle: str | os.PathLike[str], **options: Any) -> Any:
    """Return a Spark data frame with the answers, computed when it is needed.

    Args:
        frame: a `pyspark.sql.DataFrame`.
        bundle: the bundle's folder, at the same path on every machine.
        options: those of `BatchPredictor`: column, answer, prefix, keep_input, ...

    Raises:
        BundleError: no bundle, or one that is incomplete or too new.
        MissingDependency: PySpark, pandas or PyArrow is not installed.
        UsageError: no data frame, a column that is not in it, or one of an added name.
    """
    types = import_engine("pyspark.sql.types", "spark")
    if not hasattr(frame, "mapInPandas"):
        raise UsageError(
            f"keras2cv.spark.predict takes a pyspark.sql.DataFrame, got {type(frame).__name__}. "
            "Make one with spark.read or spark.createDataFrame."
        )
    predictor = BatchPredictor(bundle, **{**options, "flat": True})
    _check_workers(frame.sparkSession)
    predictor.check_columns(frame.columns)
    read = () if predictor.keep_input else predictor.input_columns
    kept = [field for field in frame.schema.fields if field.name not in read]
    schema = types.StructType([*kept, *_fields(types, predictor.added)])
    return frame.mapInPandas(_on_frames(predictor), schema)


def predict_udf(bundle: str | os.PathLike[str], **options: Any) -> Any:
    """Return a function of one column per input, whose answer is a struct.

    Args:
        bundle: the bundle's folder, at the same path on every machine.
        options: those of `BatchPredictor`, but `column`, `prefix` and `keep_input`.

    Raises:
        BundleError: no bundle, or one that is incomplete or too new.
        MissingDependency: PySpark, pandas or PyArrow is not installed.
        UsageError: an argument that means nothing.
    """
    functions = import_engine("pyspark.sql.functions", "spark")
    types = import_engine("pyspark.sql.types", "spark")
    import_engine("pyarrow", "spark")
    if wrong := {"column", "prefix", "keep_input"} & options.keys():
        raise UsageError(
            f"{', '.join(sorted(wrong))}: a UDF is given its columns, and answers in a struct of "
            "its own. Leave it out, or call keras2cv.spark.predict."
        )
    predictor = BatchPredictor(bundle, **{**options, "flat": True})
    _check_workers(import_engine("pyspark.sql", "spark").SparkSession.getActiveSession())
    schema = types.StructType(_fields(types, predictor.added))
    run = _on_columns(predictor)
    run.__annotations__ = _udf_types(import_engine("pandas", "spark"), len(predictor.input_columns))
    udf = functions.pandas_udf(run, schema)
    run.__annotations__ = {}  # Spark has read them; a worker would import pandas to unpickle them
    return udf


def _udf_types(pandas: Any, columns: int) -> dict[str, Any]:
    """Return the annotations by which Spark knows an iterator UDF of so many columns."""
    given: Any = pandas.Series
    if columns > 1:
        given = tuple.__class_getitem__((pandas.Series,) * columns)
    return {"batches": Iterator[given], "return": Iterator[pandas.DataFrame]}


def _fields(types: Any, added: tuple[AddedColumn, ...]) -> list[Any]:
    return [types.StructField(column.name, _type(types, column)) for column in added]


def _type(types: Any, column: AddedColumn) -> Any:
    one = getattr(types, _TYPES.get(column.dtype, "LongType"))()
    return types.ArrayType(one) if column.shape else one


def _check_workers(session: Any) -> None:
    """Raise if the Python of a local session's workers lacks what they need.

    On a cluster only the workers can tell.

    Raises:
        MissingDependency: it does.
    """
    context = getattr(session, "_sc", None)  # none in Spark Connect
    if context is None or not context.master.startswith("local"):
        return
    python = shutil.which(context.pythonExec) or context.pythonExec
    if python == sys.executable:
        return
    code = "import keras2cv.predictor, pandas, pyarrow"
    try:
        subprocess.run([python, "-c", code], check=True, capture_output=True, timeout=_PATIENCE_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise MissingDependency(
            f"Spark runs its workers with {python}, which lacks keras2cv, OpenCV, pandas or "
            f"PyArrow. Set PYSPARK_PYTHON to {sys.executable} before Spark starts."
        ) from error


# The functions that go to workers are made here, and name nothing of this package: Spark's workers
# read them with whatever Python they run, and say so where it has no keras2cv.


def _on_frames(predictor: BatchPredictor) -> Callable[[Iterator[Any]], Iterator[Any]]:
    load = _loader(predictor)

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        predict_batch = load()
        for batch in batches:
            yield predict_batch(batch)

    run.__annotations__ = {}
    return run


def _on_columns(predictor: BatchPredictor) -> Any:
    load, names = _loader(predictor), predictor.input_columns

    def run(batches: Iterator[Any]) -> Iterator[Any]:
        predict_batch = load()
        for batch in batches:
            columns = batch if isinstance(batch, tuple) else (batch,)
            named = dict(zip(names, columns, strict=True))
            yield predict_batch(columns[0].to_frame(names[0]).assign(**named))

    run.__name__ = "predict"  # of a column without an alias
    return run


def _loader(predictor: BatchPredictor) -> Callable[[], Any]:
    data = pickle.dumps(predictor)

    def load() -> Any:
        import pickle
        import sys

        try:
            return pickle.loads(data)  # noqa: S301 - our own, from the driver
        except ImportError as error:
            reason = (
                f"Spark's worker runs {sys.executable}, which has no {error.name}. Set "
                "PYSPARK_PYTHON to a Python that has keras2cv and OpenCV, before Spark starts."
            )
            raise RuntimeError(reason) from error

    load.__annotations__ = {}
    return load
