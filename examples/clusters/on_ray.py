"""Predict images of an object storage on a Ray cluster, with checkpoints.

    pip install 'keras2cv[opencv,ray]' s3fs
    python examples/clusters/on_ray.py cat.cv 's3://bucket/photos/*.jpg' s3://bucket/answers

RAY_ADDRESS names the cluster; without it, Ray starts one on this machine.
"""

from __future__ import annotations

import ray
from checkpoints import arguments, run

import keras2cv.ray


def main() -> None:
    """Run the job, or go on with it."""
    args = arguments(__doc__)

    def write(paths: list[str], where: str) -> None:
        rows = ray.data.from_items([{"path": path} for path in paths])
        keras2cv.ray.predict(
            rows, args.bundle, column="path", keep_input=True, workers=args.workers
        ).write_parquet(where, ray_remote_args={"num_cpus": 0})  # the workers have them all

    run(args, write)


if __name__ == "__main__":
    main()
