"""Predict images of an object storage on Spark, with checkpoints.

    pip install 'keras2cv[opencv,spark]' s3fs
    PYSPARK_PYTHON=$(which python) spark-submit --py-files examples/clusters/checkpoints.py \
        examples/clusters/on_spark.py cat.cv 's3://bucket/photos/*.jpg' s3a://bucket/answers

Without `spark-submit`, `python examples/clusters/on_spark.py ...` runs Spark on this machine.
"""

from __future__ import annotations

import os
import sys

from checkpoints import arguments, run
from pyspark.sql import SparkSession

import keras2cv.spark

PER_PARTITION = 64  # images of one task: a few seconds of work


def main() -> None:
    """Run the job, or go on with it."""
    args = arguments(__doc__)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else the PATH's python3
    builder = SparkSession.builder.appName("keras2cv")
    if "SPARK_ENV_LOADED" not in os.environ:  # which spark-submit sets
        builder = builder.master(f"local[{args.workers},4]")  # 4 tries for a task
    spark = builder.getOrCreate()

    def write(paths: list[str], where: str) -> None:
        parts = max(args.workers, len(paths) // PER_PARTITION)
        rows = spark.createDataFrame([(path,) for path in paths], "path string").repartition(parts)
        found = keras2cv.spark.predict(rows, args.bundle, column="path", keep_input=True)
        found.write.mode("overwrite").parquet(where)

    run(args, write)
    spark.stop()


if __name__ == "__main__":
    main()
