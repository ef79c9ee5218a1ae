"""Predict images of an object storage on a Dask cluster, with checkpoints.

    pip install 'keras2cv[opencv,dask]' s3fs
    python examples/clusters/on_dask.py cat.cv 's3://bucket/photos/*.jpg' s3://bucket/answers

DASK_SCHEDULER_ADDRESS names the cluster; without it, one is started on this machine.
"""

from __future__ import annotations

import os

import dask.dataframe as dd
import pandas as pd
from checkpoints import arguments, run
from dask.distributed import Client

import keras2cv.dask

PER_PARTITION = 64  # images of one task: a few seconds of work


def main() -> None:
    """Run the job, or go on with it."""
    args = arguments(__doc__)

    def write(paths: list[str], where: str) -> None:
        rows = dd.from_pandas(pd.DataFrame({"path": paths}), chunksize=PER_PARTITION)
        found = keras2cv.dask.predict(rows, args.bundle, column="path", keep_input=True)
        found.to_parquet(where, write_index=False)

    local = {"n_workers": args.workers, "threads_per_worker": 1, "dashboard_address": None}
    with Client(**({} if "DASK_SCHEDULER_ADDRESS" in os.environ else local)):
        run(args, write)


if __name__ == "__main__":
    main()
