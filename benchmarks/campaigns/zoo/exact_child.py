"""The exact answers of a specimen: its own graph in float64, by the exporter's reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def add_exact(job: Mapping[str, Any]) -> dict[str, Any]:
    """Add `exact/<sample>/<output>` to the job's `io.npz`, for outputs at the edge of float32.

    Raises:
        NoExactAnswerError: TensorFlow cannot compute the model in float64.
    """
    import numpy as np

    from campaigns.atlas.run_child import samples
    from keras2cv_export.model.load import load_model
    from keras2cv_export.model.reference import exact_reference

    given = samples(job["io"])
    shape = given[0][0].shape if len(given[0]) == 1 else None
    loaded = load_model(job["file"], input_shapes=shape, unsafe=True, imports=job["imports"])
    run = exact_reference(loaded)
    with np.load(job["io"], allow_pickle=False) as stored:
        arrays = dict(stored)
    for i, sample in enumerate(given):
        found = run({spec.name: a for spec, a in zip(loaded.inputs, sample, strict=True)})
        arrays |= {f"exact/{i}/{k}": array for k, array in enumerate(found.values())}
    np.savez(job["io"], **arrays)
    return {}
