"""Run a bundle in a process of its own: `python -m keras2cv.isolation.worker ...`.

cv2 can crash the process on a graph that it does not expect, so whatever has not been run before
runs here first (`keras2cv.isolation.isolated` is the other end).

INPUTS.npz holds `in/<i>/<k>`, sample i of input k, as `infer` takes it. OUTPUTS.npz gets
`out/<i>/<k>` and `facts`, a JSON map in an array of one string. Progress goes to stdout, a JSON
map per line, so that the parent knows how far a process came that did not come back:

    {"stage": "starting"}
    {"stage": "loading", "file": "model.onnx", "opencv": "5.0.0"}
    {"stage": "running sample 0", "engine": "new"}
    {"error": "NetError", "message": "..."}       one of our errors; the exit code is its own
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras2cv.errors import InputError, Keras2cvError, Keras2cvWarning


def main(argv: Sequence[str] | None = None) -> int:
    """Run the worker; return its exit code."""
    args = _parser().parse_args(argv)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Keras2cvWarning)  # unverified is why it runs here
        try:
            run(args)
        except Keras2cvError as error:
            say(error=type(error).__name__, message=str(error))
            return error.exit_code
    return 0


def run(args: argparse.Namespace) -> None:
    """Load the bundle, infer every sample, write the outputs.

    Raises:
        BundleError: the bundle is not whole.
        InputError: the inputs are not samples of its model.
        NetError: OpenCV fails.
    """
    say(stage="starting")
    import cv2
    import numpy as np

    from keras2cv.bundle.npz import read_npz
    from keras2cv.bundle.reading import read_bundle
    from keras2cv.predictor import Predictor

    inputs = read_npz(args.inputs)
    start = time.perf_counter()
    bundle = read_bundle(args.bundle)
    say(stage="loading", file=bundle.manifest.model.file, opencv=cv2.__version__)
    model = Predictor(
        bundle,
        engine=args.engine,
        threads=args.threads,
        batch=args.batch,
        fusion=args.fusion,
        winograd=args.winograd,
    )
    load_ms = (time.perf_counter() - start) * 1e3
    outputs: dict[str, Any] = {}
    for i in range(_count(inputs, len(model.input_names))):
        say(stage=f"running sample {i}", engine=model.engine)
        sample = [inputs[f"in/{i}/{k}"] for k in range(len(model.input_names))]
        outputs |= {f"out/{i}/{k}": array for k, array in enumerate(model.infer(*sample))}
    facts = {
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "engine": model.engine,
        "device": model.device,
        "threads": model.threads,
        "load_ms": load_ms,
    }
    np.savez(args.outputs, facts=np.array(json.dumps(facts)), **outputs)


def say(**facts: str) -> None:
    """Print one line of progress, at once."""
    print(json.dumps(facts), flush=True)


def _count(inputs: dict[str, Any], input_count: int) -> int:
    """Return the number of samples, each of which must have every input."""
    count = len({name.split("/")[1] for name in inputs if name.startswith("in/")})
    expected = {f"in/{i}/{k}" for i in range(count) for k in range(input_count)}
    if count == 0 or set(inputs) != expected:
        raise InputError(
            f"The worker's inputs must be in/<sample>/<input> for {input_count} inputs, "
            f"got {sorted(inputs)[:5]}. Write them with keras2cv.isolation.isolated."
        )
    return count


def _die_with_parent() -> None:
    """Let Linux end this process with the one that asked: a killed export leaves nobody behind."""
    if sys.platform.startswith("linux"):
        import ctypes

        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _leave_no_core_dump() -> None:
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m keras2cv.isolation.worker", description=__doc__
    )
    parser.add_argument("bundle", type=Path)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("outputs", type=Path)
    parser.add_argument("--engine", choices=("new", "classic"))
    parser.add_argument("--no-fusion", dest="fusion", action="store_false", default=None)
    parser.add_argument("--no-winograd", dest="winograd", action="store_false", default=None)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--batch", type=int)
    return parser


if __name__ == "__main__":
    _leave_no_core_dump()
    _die_with_parent()
    sys.exit(main())
