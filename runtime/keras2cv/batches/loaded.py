"""Models that stay loaded in a worker process: one for each of its threads."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final

from keras2cv.predictor import Predictor, load_same

_MOST: Final = 4  # models that a thread keeps; the oldest goes first


class _Kept(threading.local):
    def __init__(self) -> None:
        self.models: dict[Any, Predictor] = {}


_KEPT: Final = _Kept()


def kept_model(folder: str, sha256: str, options: Mapping[str, Any]) -> Predictor:
    """Return this thread's model of a bundle, loaded at the first call.

    A cv2 net runs one batch at a time, so each thread has its own.

    Args:
        folder: The bundle's.
        sha256: Of the model that is meant.
        options: Those of `Predictor`.

    Raises:
        Keras2cvError: as `load_same`.
    """
    key = (folder, sha256, tuple(sorted(options.items())))
    models = _KEPT.models
    if key not in models:
        model = load_same(folder, sha256, options)
        while len(models) >= _MOST:
            del models[next(iter(models))]
        models[key] = model
    return models[key]
