"""The child's side of a trial: load a bundle, and infer samples (`running.py` is the other side).

The samples come with the first request, or, where the parent does not have them yet, with a second.

INPUTS.npz holds `in/<i>/<k>`, sample i of input k, as `infer` takes it. OUTPUTS.npz gets
`out/<i>/<k>`. The child reports its stages, so that its parent knows how far it got:

    stage="loading", file="model.onnx", opencv="5.0.0"
    stage="running sample 0", engine="new"
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras2cv.bundle.npz import read_npz
from keras2cv.bundle.reading import read_bundle
from keras2cv.errors import InputError, Keras2cvWarning
from keras2cv.net.forms import form_for
from keras2cv.predictor import Predictor

Reply = dict[str, Any]


def answer(
    request: Mapping[str, Any], report: Callable[..., None]
) -> Generator[Reply, Mapping[str, Any], None]:
    """Load the bundle, infer every sample, write the outputs.

    Args:
        request: "bundle", "inputs" and "outputs", paths, and "options", Predictor's. Both files may
            follow in a request of their own; the reply to the first is empty then.
        report: Called with the stage.

    Yields:
        A map of the run: "opencv", "engine", "device", "threads", "load_ms".

    Raises:
        BundleError: the bundle is not whole.
        InputError: the inputs are not samples of its model.
        NetError: OpenCV fails.
    """
    warnings.simplefilter("ignore", Keras2cvWarning)  # unverified is why it runs here
    start = time.perf_counter()
    chosen = form_for("cpu", request["options"].get("engine"))
    bundle = read_bundle(Path(request["bundle"]), follow=False, choose=chosen)  # it may crash
    report(stage="loading", file=bundle.manifest.model.file, opencv=cv2.__version__)
    model = Predictor(bundle, **request["options"])
    load_ms = (time.perf_counter() - start) * 1e3
    if "inputs" not in request:
        request = yield {}
    inputs = read_npz(Path(request["inputs"]))
    outputs: dict[str, Any] = {}
    for i in range(_count(inputs, len(model.manifest.inputs))):
        report(stage=f"running sample {i}", engine=model.engine)
        sample = [inputs[f"in/{i}/{k}"] for k in range(len(model.manifest.inputs))]
        outputs |= {f"out/{i}/{k}": array for k, array in enumerate(model.infer_net(*sample))}
    np.savez(request["outputs"], **outputs)
    yield {
        "opencv": cv2.__version__,
        "engine": model.engine,
        "device": model.device,
        "threads": model.threads,
        "load_ms": load_ms,
    }


def _count(inputs: dict[str, Any], input_count: int) -> int:
    """Return the number of samples, each of which must have every input."""
    count = len({name.split("/")[1] for name in inputs if name.startswith("in/")})
    expected = {f"in/{i}/{k}" for i in range(count) for k in range(input_count)}
    if count == 0 or set(inputs) != expected:
        raise InputError(
            f"The worker's inputs must be in/<sample>/<input> for {input_count} inputs, "
            f"got {sorted(inputs)[:5]}. Write them with keras2cv.trial.running."
        )
    return count
