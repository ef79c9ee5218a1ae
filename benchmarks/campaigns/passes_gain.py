"""Measure the gain of each pass: time the file with all passes against one without it.

    python -m campaigns.passes_gain --write graphs [--names ...] [--opencv 5.0]
    python -m campaigns.passes_gain --time graphs [--runs 30] [--threads 2]

`--write` converts each application once, and rewrites the graph with every pass and then without
each of those that fired; that takes TensorFlow, and minutes. `--time` runs the pairs on each engine
of the OpenCV at hand, in one process, interleaved in random order after a warm-up, and appends the
raw nanoseconds to graphs/times.jsonl. A ratio is the median of file with / file without, with a
bootstrap interval over pairs; below 1 the pass makes the file faster.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from keras2cv.net.engines import ENGINES, OPTIONS
from keras2cv.tuning.interleave import interval

from .predict_cost import interleave

NAMES = "MobileNetV2,MobileNetV3Large,EfficientNetB0,DenseNet121,ResNet50,ResNet50V2,ConvNeXtTiny"
# The passes that change the speed of a graph, and not whether older OpenCVs can read it.
PASSES = (
    "activate_by_depthwise_conv",
    "bound_by_hard_sigmoid",
    "clip_to_hard_sigmoid",
    "flatten_channels_first",
    "fold_scale_into_conv",
    "fold_scale_into_next_conv",
    "gate_by_depthwise_conv",
    "merge_pads",
    "multiply_patches",
    "multiply_rows",
    "multiply_tiles",
    "name_layer_normalization",
    "order_residuals",
    "pair_rows",
    "part_strided_conv",
    "pool_by_window",
    "scale_before_reshape",
    "scale_to_normalization",
    "share_results",
    "shuffle_transposed_conv",
    "spell_gelu",
    "subsample_once",
    "subtract_residual",
)


def main() -> None:
    """Write the graphs, or time those that are there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", type=Path, metavar="DIR")
    parser.add_argument("--time", type=Path, metavar="DIR")
    parser.add_argument("--names", default=NAMES)
    parser.add_argument("--opencv", help="what they are for; every OpenCV if left out")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if args.write:
        for name in args.names.split(","):
            print(f"{name}: without {', '.join(write(name, args.write, args.opencv))}")
    if args.time:
        cv2.setNumThreads(args.threads)
        print(f"OpenCV {cv2.__version__}, {args.threads} threads, {args.runs} pairs, batch 1")
        print("| pass | model | engine | with, ms | ratio (95 %) |\n|---|---|---|--:|--:|")
        for name in args.names.split(","):
            _time(args.time, name, args.runs)


def write(name: str, folder: Path, opencv: str | None = None) -> list[str]:
    """Write an application's graph with all passes, and without each that fired; name those."""
    import onnx_ir as ir

    from keras2cv_export.graph.layout import blobs_in_and_out
    from keras2cv_export.model.load import load_model
    from keras2cv_export.tracing.capture import trace
    from keras2cv_export.tracing.to_onnx import to_onnx

    from . import models

    folder.mkdir(parents=True, exist_ok=True)
    loaded = load_model(models.application(name))
    traced = trace(loaded)
    model = to_onnx(traced)
    blobs_in_and_out(model, [s.name for s in loaded.inputs], [s.name for s in traced.output_specs])
    raw = folder / f"{name}.raw.onnx"
    ir.save(model, raw)
    return rewritten(raw, folder / name, opencv)


def rewritten(raw: Path, stem: Path, opencv: str | None = None) -> list[str]:
    """Write stem.onnx of a graph with all passes, and stem.without.PASS.onnx; name those."""
    import onnx_ir as ir

    from keras2cv_export.graph.layout import settle
    from keras2cv_export.passes import pipeline
    from keras2cv_export.passes.fixpoint import name_of, rewrite
    from keras2cv_export.targets.target import Target

    def save(without: str, path: Path) -> Any:
        model = ir.load(raw)
        stages = [
            [one for one in stage if name_of(one) != without]
            for stage in pipeline(Target.parse(opencv))
        ]
        fired = rewrite(model, stages)
        settle(model)
        ir.save(model, path)
        return fired

    fired = save("", Path(f"{stem}.onnx"))
    left = [name for name in PASSES if fired[name]]
    for name in left:
        save(name, Path(f"{stem}.without.{name}.onnx"))
    return left


def _time(folder: Path, name: str, runs: int) -> None:
    """Print one line for each pass and engine, and keep the raw times."""
    for other in sorted(folder.glob(f"{name}.without.*.onnx")):
        one = other.name.split(".")[-2]
        for engine in ENGINES:
            sides = [_running(path, engine) for path in (folder / f"{name}.onnx", other)]
            times = interleave(sides[0], sides[1], runs)
            print(f"| {one} | {name} | {engine} | {_row(times)} |", flush=True)
            record = {"pass": one, "model": name, "engine": engine, "ns": times}
            with (folder / "times.jsonl").open("a") as lines:
                lines.write(json.dumps(record) + "\n")


def _row(times: Sequence[Sequence[int]]) -> str:
    ratios = np.array(times[0]) / np.array(times[1])
    low, high = interval(ratios)
    return f"{np.median(times[0]) / 1e6:.1f} | {np.median(ratios):.2f} ({low:.2f} to {high:.2f})"


def _running(path: Path, engine: str) -> Callable[[], Any]:
    net = cv2.dnn.readNetFromONNX(str(path), **OPTIONS[engine])
    image = np.random.default_rng(0).uniform(-1, 1, _input_shape(path)).astype(np.float32)

    def run() -> Any:
        net.setInput(image)
        return net.forward()

    return run


def _input_shape(path: Path) -> list[int]:
    import onnx

    model = onnx.load(path, load_external_data=False)
    return [size.dim_value for size in model.graph.input[0].type.tensor_type.shape.dim]


if __name__ == "__main__":
    main()
