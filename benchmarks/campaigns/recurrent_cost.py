"""What recurrent layers of many steps cost: export, file, loading, and a run beside TensorFlow.

    python -m campaigns.recurrent_cost [KIND ...] [--steps 40,200,1000] [--keras 3,2]

Each model is a file of Keras 3 (.keras) or of Keras 2 (.h5), exported with the comparison left out.
The child process that opens the file imports TensorFlow, which is 4 s of each export. Loading
is `keras2cv.load`, and what the first run takes longer than others. Both sides run in turns, in one
process, one sample at a time. Seconds of an export are of the processor; of loading and runs the
fastest of several is given, since other programs on the machine only make them longer.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from campaigns import PACKAGES
from keras2cv.isolation import ChildLost, Entry, Limits, run_once

FEATURES: Final = 16
UNITS: Final = 64
RUNS: Final = 15
LOADS: Final = 5
Layer = Callable[[Any], Any]

KINDS: Final[Mapping[str, Callable[[Any], list[Any]]]] = {
    "LSTM": lambda layers: [layers.LSTM(UNITS)],
    "GRU": lambda layers: [layers.GRU(UNITS)],
    "Bidirectional(LSTM)": lambda layers: [layers.Bidirectional(layers.LSTM(UNITS))],
    "masked LSTM": lambda layers: [layers.Masking(), layers.LSTM(UNITS)],
    "masked GRU": lambda layers: [layers.Masking(), layers.GRU(UNITS)],
    "LSTM of sigmoid": lambda layers: [layers.LSTM(UNITS, activation="sigmoid")],
    "GRU of sigmoid": lambda layers: [layers.GRU(UNITS, activation="sigmoid")],
    "SimpleRNN": lambda layers: [layers.SimpleRNN(UNITS)],
    "LSTM of relu": lambda layers: [layers.LSTM(UNITS, activation="relu")],
    "GRU of relu": lambda layers: [layers.GRU(UNITS, activation="relu")],
    "GRU that resets before": lambda layers: [layers.GRU(UNITS, reset_after=False)],
    "SimpleRNN of relu": lambda layers: [layers.SimpleRNN(UNITS, activation="relu")],
    "masked LSTM of relu": lambda layers: [
        layers.Masking(),
        layers.LSTM(UNITS, activation="relu"),
    ],
}
"""Kind -> its layers, of the library's module `layers`."""

_PACKAGES: Final = {"3": "keras", "2": "tf_keras"}
_ENV: Final = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}


def main() -> None:
    """Print a row of a table for each kind, library and number of steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("kinds", nargs="*", default=["LSTM", "GRU", "Bidirectional(LSTM)"])
    parser.add_argument("--steps", default="40,200,1000")
    parser.add_argument("--keras", default="3,2", help="the libraries that make the files")
    parser.add_argument("--timeout", type=float, default=600)
    args = parser.parse_args()
    print("| layer | file | steps | export | nodes | file size | load | run | TensorFlow's |")
    print("|---|---|---|---|---|---|---|---|---|")
    for kind in args.kinds:
        for library in args.keras.split(","):
            for steps in map(int, args.steps.split(",")):
                print(_row(kind, library, steps, args.timeout), flush=True)


def work(request: Mapping[str, Any], _: Callable[..., None]) -> dict[str, float]:
    """Measure one model in this process."""
    import cv2

    cv2.setNumThreads(2)
    folder, library = Path(request["folder"]), request["library"]
    package = import_module(_PACKAGES[library])
    exported(package, [package.layers.Dense(1)], 3, folder / "before")
    made = KINDS[request["kind"]](package.layers)
    seconds, model = exported(package, made, request["steps"], folder / "model")
    return {"export_s": seconds, **_figures(model, folder / "model.cv", request["steps"])}


def exported(package: Any, made: list[Any], steps: int, stem: Path) -> tuple[float, Any]:
    """Save a model and export its file; return the processor's seconds, and the model.

    Args:
        package: keras or tf_keras.
        made: The model's layers.
        steps: Of its input.
        stem: The files' path without an extension.
    """
    from keras2cv_export import export

    x = package.Input((steps, FEATURES), name="x")
    y = x
    for layer in made:
        y = layer(y)
    model = package.Model(x, y)
    file = stem.with_suffix(".keras" if package.__name__ == "keras" else ".h5")
    model.save(file)
    begun = _processor_s()
    export(file, stem.with_suffix(".cv"), task="raw", check=False)
    return _processor_s() - begun, model


def _processor_s() -> float:
    """Return the seconds of this process and of its children, in which files are exported."""
    return sum(os.times()[:4])


def _figures(model: Any, bundle: Path, steps: int) -> dict[str, float]:
    import numpy as np
    import onnx
    import tensorflow as tf

    import keras2cv

    x = np.random.default_rng(0).normal(size=(1, steps, FEATURES)).astype(np.float32)
    loads = []
    for _ in range(LOADS):
        begun = time.perf_counter()
        net = keras2cv.load(bundle)
        net.infer(x)
        loads.append(time.perf_counter() - begun)
    call = tf.function(lambda t: model(t, training=False))
    given = tf.constant(x)
    ours, theirs = _in_turns(lambda: net.infer(x), lambda: call(given).numpy())
    file = bundle / "model.onnx"
    graph = onnx.load(str(file)).graph
    size = float(file.stat().st_size)
    return {
        "load_s": max(min(loads) - ours, 0.0),
        "run_s": ours,
        "tensorflow_s": theirs,
        "nodes": float(len(graph.node)),
        "bytes": size,
    }


def _in_turns(*sides: Callable[[], object]) -> list[float]:
    """Return the seconds of each side's fastest run."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(RUNS):
        for side, own in zip(sides, times, strict=True):
            begun = time.perf_counter()
            side()
            own.append(time.perf_counter() - begun)
    return [min(own) for own in times]


def _row(kind: str, library: str, steps: int, timeout: float) -> str:
    limits = Limits(timeout, memory_bytes=20 * 2**30)
    begin = f"| {kind} | Keras {library} | {steps} |"
    with tempfile.TemporaryDirectory() as folder:
        request = {"kind": kind, "library": library, "steps": steps, "folder": folder}
        entry = Entry("campaigns.recurrent_cost:work", PACKAGES, variables=_ENV)
        try:
            found = run_once(entry, request, limits)
        except ChildLost as lost:
            return f"{begin} {lost.how} | | | | | |"
    run, theirs = (1e6 * found[k] / steps for k in ("run_s", "tensorflow_s"))
    return (
        f"{begin} {found['export_s']:.1f} s | {found['nodes']:.0f} | {found['bytes'] / 1e3:.0f} kB "
        f"| {1e3 * found['load_s']:.0f} ms | {run:.1f} µs a step | {theirs:.1f} µs a step |"
    )


if __name__ == "__main__":
    main()
