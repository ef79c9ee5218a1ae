"""The child's side of `keras2cv selftest` and `keras2cv matrix`: a bundle's golden vectors."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from keras2cv.errors import Keras2cvWarning
from keras2cv.net.opencv import require_opencv


def answer(request: Mapping[str, Any], report: Callable[..., None]) -> dict[str, Any]:
    """Run the self-test; return its "report" in JSON types, and "warnings", a list of sentences.

    Args:
        request: "bundle", and the arguments "device", "engine" and "threads" of `keras2cv.load`.
        report: Called with the stage.

    Raises:
        Keras2cvError: The bundle cannot be loaded, or has no golden vectors.
        MissingDependency: There is no OpenCV, or no NumPy.
    """
    require_opencv()
    from keras2cv.loading import load
    from keras2cv.selftest import run_selftest

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", Keras2cvWarning)
        report(stage="loading")
        model = load(
            request["bundle"],
            device=request["device"],
            engine=request["engine"],
            threads=request["threads"],
            check_device=request["device"] == "auto",  # the CPU runs it, where CUDA is wrong
        )
        report(stage="running")
        result = run_selftest(model)
    heard = [str(w.message) for w in caught if issubclass(w.category, Keras2cvWarning)]
    return {
        "report": {**result.to_dict(), "devices": model.device_choice.to_dict()},
        "warnings": heard,
    }
