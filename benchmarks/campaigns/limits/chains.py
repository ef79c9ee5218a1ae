"""The smallest cases: one kind of layer, a few times in a row, in GFLOP/s of each engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnx
import onnxruntime

from keras2cv.net.engines import OPTIONS

Array = np.ndarray[Any, Any]
Run = Callable[[], Any]

LAYERS: Final = 6
ENGINES: Final = {f"cv2, {engine}": engine for engine in ("new", "classic")}
WHO: Final = (*ENGINES, "onnxruntime", "MatMul in cv2, new")
_BLOCK: Final = 4  # runs in a row, of which the first is not counted
_PAUSE_S: Final = 0.02  # onnxruntime's threads spin for a while after a run


@dataclass(frozen=True)
class Chain:
    """Layers of one kind: `channels` in and out, or an image in if `stem`."""

    name: str
    channels: int
    side: int
    kernel: int
    depthwise: bool = False
    stem: bool = False

    @property
    def gflop(self) -> float:
        """Its arithmetic, two operations for each product."""
        fan_in = 1 if self.depthwise else 3 if self.stem else self.channels
        pixels = (self.side // 2) ** 2 if self.stem else self.side**2
        layers = 1 if self.stem else LAYERS
        return 2e-9 * layers * pixels * self.channels * fan_in * self.kernel**2

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of its input."""
        return 1, 3 if self.stem else self.channels, self.side, self.side


CHAINS: Final = (
    *(Chain("1x1", c, s, 1) for c, s in ((64, 56), (128, 28), (256, 14), (512, 14), (728, 19))),
    *(Chain("3x3", c, s, 3) for c, s in ((64, 56), (128, 28), (256, 14), (512, 7))),
    *(Chain("depthwise 3x3", c, s, 3, depthwise=True) for c, s in ((128, 56), (512, 14))),
    Chain("stem 3x3, stride 2", 32, 224, 3, stem=True),
    Chain("stem 7x7, stride 2", 64, 224, 7, stem=True),
)


def convolutions(chain: Chain) -> onnx.ModelProto:
    """Return a chain as an ONNX model."""
    rng, make = np.random.default_rng(0), onnx.helper
    fan_in = 1 if chain.depthwise else chain.shape[1]
    shape = (chain.channels, fan_in, chain.kernel, chain.kernel)
    half, layers = chain.kernel // 2, 1 if chain.stem else LAYERS
    attributes: dict[str, Any] = {
        "kernel_shape": shape[2:],
        "strides": [2, 2] if chain.stem else [1, 1],
        "pads": [half - 1, half - 1, half, half] if chain.stem else [half] * 4,
        "group": chain.channels if chain.depthwise else 1,
    }
    weights: dict[str, Array] = {}
    nodes = []
    for k in range(layers):
        weights[f"w{k}"] = rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))
        weights[f"b{k}"] = rng.normal(size=chain.channels)
        names = ("x" if k == 0 else f"t{k}", "y" if k == layers - 1 else f"t{k + 1}")
        nodes.append(
            make.make_node("Conv", [names[0], f"w{k}", f"b{k}"], [names[1]], f"n{k}", **attributes)
        )
    side = chain.side // 2 if chain.stem else chain.side
    return _model(nodes, weights, chain.shape, (1, chain.channels, side, side))


def products(chain: Chain) -> onnx.ModelProto:
    """Return the same products of a chain of 1x1 convolutions, as MatMuls of (C, C) and (C, HW)."""
    rng, channels = np.random.default_rng(0), chain.channels
    shape = (1, channels, chain.side**2)
    weights, nodes = {}, []
    for k in range(LAYERS):
        weights[f"w{k}"] = rng.normal(size=(channels, channels)) / np.sqrt(channels)
        names = ("x" if k == 0 else f"t{k}", "y" if k == LAYERS - 1 else f"t{k + 1}")
        nodes.append(onnx.helper.make_node("MatMul", [f"w{k}", names[0]], [names[1]], f"n{k}"))
    return _model(nodes, weights, shape, shape)


def _model(
    nodes: Sequence[Any], weights: dict[str, Array], given: Sequence[int], made: Sequence[int]
) -> onnx.ModelProto:
    make, kept = onnx.helper, onnx.numpy_helper.from_array
    graph = make.make_graph(
        nodes,
        "chain",
        [make.make_tensor_value_info("x", onnx.TensorProto.FLOAT, given)],
        [make.make_tensor_value_info("y", onnx.TensorProto.FLOAT, made)],
        [kept(array.astype(np.float32), name) for name, array in weights.items()],
    )
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 13)], ir_version=8)


def throughputs(chain: Chain, folder: Path, threads: int, rounds: int = 5) -> dict[str, float]:
    """Return the GFLOP/s of every engine that runs a chain: medians of runs in turns.

    Args:
        chain: The layers.
        folder: For the ONNX files.
        threads: Of onnxruntime; OpenCV keeps its own setting.
        rounds: Of turns.
    """
    path = folder / "chain.onnx"
    onnx.save(convolutions(chain), path)
    image = np.random.default_rng(1).normal(size=chain.shape).astype(np.float32)
    runs: dict[str, Run] = {w: in_cv2(path, image, engine) for w, engine in ENGINES.items()}
    runs["onnxruntime"] = in_onnxruntime(path, image, threads)
    if chain.kernel == 1:
        onnx.save(products(chain), path)
        runs[WHO[-1]] = in_cv2(path, image.reshape(1, chain.channels, -1), ENGINES["cv2, new"])
    times: dict[str, list[float]] = {who: [] for who in runs}
    for _ in range(rounds):
        for who, run in runs.items():
            time.sleep(_PAUSE_S)
            times[who] += [_seconds(run) for _ in range(_BLOCK)][1:]
    return {who: chain.gflop / float(np.median(found)) for who, found in times.items()}


def _seconds(run: Run) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def in_cv2(path: Path, image: Array, engine: str) -> Run:
    """Load a file into an engine of OpenCV; return a function that runs it."""
    net = cv2.dnn.readNetFromONNX(str(path), **OPTIONS[engine])

    def run() -> Any:
        net.setInput(image)
        return net.forward()

    return run


def in_onnxruntime(path: Path, image: Array, threads: int) -> Run:
    """Load a file into onnxruntime; return a function that runs it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: image})
