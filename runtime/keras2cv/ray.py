"""Ray Data: `keras2cv.ray.predict(dataset, "cat.cv", column="bytes")`.

    images = ray.data.read_binary_files("s3://bucket/photos", include_paths=True)
    keras2cv.ray.predict(images, "/shared/cat.cv", column="bytes").write_parquet("s3://bucket/out")

`predict` is `map_batches` with a pool of actors, each with its own net on one thread. The class may
be passed to `map_batches` as well:

    images.map_batches(
        keras2cv.ray.BatchPredictor,
        fn_constructor_kwargs={"bundle": "/shared/cat.cv", "column": "bytes"},
        compute=ray.data.ActorPoolStrategy(size=8),
        num_cpus=1,
    )
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from keras2cv.batches.batch_predictor import BatchPredictor
from keras2cv.batches.importing import import_engine
from keras2cv.errors import UsageError

__all__ = ["BatchPredictor", "predict"]


def predict(
    dataset: Any,
    bundle: str | os.PathLike[str],
    *,
    workers: int | tuple[int, int] | None = None,
    batch_size: int = 32,
    ray_options: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Return a dataset with the answers, computed when it is read or written.

    If a worker dies, Ray starts another, which takes its batches again.

    Args:
        dataset: a `ray.data.Dataset`.
        bundle: the bundle's folder, at the same path on every machine.
        workers: how many actors, or the fewest and the most; None: one to as many as CPUs.
        batch_size: rows that travel to a worker at a time.
        ray_options: further arguments of `map_batches`; `num_cpus` is 1 without them.
        options: those of `BatchPredictor`: column, answer, prefix, keep_input, ...

    Raises:
        BundleError: no bundle, or one that is incomplete or too new.
        MissingDependency: Ray Data is not installed.
        UsageError: no dataset, or an argument that means nothing.
    """
    data = import_engine("ray.data", "ray")
    if not isinstance(dataset, data.Dataset):
        raise UsageError(
            f"keras2cv.ray.predict takes a ray.data.Dataset, got {type(dataset).__name__}. "
            "Make one with ray.data.from_items or ray.data.read_binary_files."
        )
    predictor = BatchPredictor(bundle, **options)  # an error in an actor is a page long
    if (schema := dataset.schema(fetch_if_missing=False)) is not None:
        predictor.check_columns(schema.names)
    return dataset.map_batches(
        BatchPredictor,
        fn_constructor_args=[os.path.abspath(bundle)],  # noqa: PTH100 - links stay links
        fn_constructor_kwargs={**options, "sha256": predictor.sha256},
        batch_format="numpy",
        **{
            "batch_size": batch_size,
            "compute": _pool(data, workers),
            "num_cpus": 1,
            **(ray_options or {}),
        },
    )


def _pool(data: Any, workers: int | tuple[int, int] | None) -> Any:
    """Return Ray's strategy for a pool of that size.

    Raises:
        UsageError: less than one worker.
    """
    if workers is None:
        cpus = import_engine("ray", "ray").cluster_resources().get("CPU", 1)
        workers = (1, max(1, int(cpus)))
    fewest, most = workers if isinstance(workers, tuple) else (workers, workers)
    if not 1 <= fewest <= most:
        raise UsageError(f"workers must be at least 1, and the fewest first, got {workers}.")
    return data.ActorPoolStrategy(min_size=fewest, max_size=most)
