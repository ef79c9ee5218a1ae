"""Bundles whose nets read a line of text: a score for each class and column of the image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from onnx import helper

from keras2cv.bundle.manifest import InputTensor, OutputTensor, Preprocessing, Task
from keras2cv.bundle.reading import Bundle
from keras2cv.bundle.writing import write_bundle
from keras2cv.tasks.text.record import TextRecord
from support.tiny_bundle import HEIGHT, WIDTH, manifest_of, net, npz

# The letters that JSON and terminals treat in ways of their own.
CHARSET: Final = ('"', "\\", "é", "猫", " ", "[UNK]")


class TextBundle:
    """Writes a net that sees each column of the image, and how its scores are read."""

    def __init__(self, axis: str, scores: str, *, transpose: bool = False, **text: Any) -> None:
        self._axis, self._scores, self._transpose, self._text = axis, scores, transpose, text

    def __call__(self, folder: Path) -> Bundle:
        """Write the bundle."""
        classes, width = len(CHARSET) + 1, HEIGHT if self._transpose else WIDTH
        height = WIDTH if self._transpose else HEIGHT
        rng = np.random.default_rng(31)
        kernel = rng.normal(size=(classes, 3, height, 3)).astype(np.float32) * 2
        weights = {"kernel": kernel, "shape": np.array([1, classes, width])}
        activation = "Softmax" if self._scores == "softmax" else "Identity"
        window = {"kernel_shape": [height, 3], "pads": [0, 1, 0, 1]}
        axis = {"axis": 1} if activation == "Softmax" else {}
        nodes = [
            helper.make_node("Conv", ["image", "kernel"], ["conv"], **window),
            helper.make_node(activation, ["conv"], ["scores"], **axis),
            helper.make_node("Reshape", ["scores", "shape"], ["text"]),
        ]
        keras_in, net_in = (1, height, width, 3), (1, 3, height, width)
        model = net(nodes, {"image": net_in}, {"text": (1, classes, width)}, weights)
        last = self._axis == "last"
        keras_shape = (1, width, classes) if last else (1, classes, width)
        layout = "NCW" if last else "same"
        record: Mapping[str, Any] = {"decode": "greedy", "blank": len(CHARSET), **self._text}
        manifest = manifest_of(
            model,
            inputs=(
                InputTensor("photo", "image", keras_in, net_in, "NCHW", "float32"),
            ),
            outputs=(
                OutputTensor(
                    "line", "text", keras_shape, (1, classes, width), layout, "float32", True
                ),  # type: ignore[arg-type]
            ),
            task=Task(
                "text",
                record=TextRecord("line", self._axis, self._scores, charset=CHARSET, **record),  # type: ignore[arg-type]
            ),
            preprocessing=Preprocessing(
                "photo", "BGR", (WIDTH, HEIGHT), "stretch", "linear", (99.0, 111.0, 130.0),
                1 / 400, (1.0, 1.1, 0.9), "file", transpose=self._transpose or None,
            ),
        )  # fmt: skip
        return write_bundle(folder, manifest, {"model.onnx": model, "selftest.npz": npz({})})


TEXT_BUNDLES: Final = {
    "text": TextBundle("last", "softmax"),
    "text by logits, classes first, transposed": TextBundle(
        "first", "logits", transpose=True, blank=0
    ),
    "text of a beam": TextBundle(
        "last", "softmax", blank=2, decode="beam", beam_width=7, top_paths=4
    ),
    "text of a beam, transposed": TextBundle(
        "last", "logits", transpose=True, decode="beam", beam_width=100, top_paths=1
    ),
}
