"""A detector of pure red, green and blue squares, and a video in which they move."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from onnx.helper import make_node

from keras2cv.bundle.manifest import InputTensor, OutputTensor, Preprocessing, Task
from keras2cv.bundle.reading import Bundle
from keras2cv.bundle.writing import write_bundle
from keras2cv.tasks.detect.record import DetectRecord, Nms
from support.tiny_bundle import manifest_of, net, npz

WIDTH, HEIGHT, SIDE, STEP = 160, 64, 16, 4
FPS: Final = 20.0
FRAMES: Final = 30
_ROWS, _COLUMNS = (HEIGHT - SIDE) // STEP + 1, (WIDTH - SIDE) // STEP + 1
_CELLS: Final = _ROWS * _COLUMNS
_RULES: Final = Preprocessing(
    input="photo", color="RGB", size_wh=(WIDTH, HEIGHT), resize="stretch", interpolation="linear",
    mean=(0.0,) * 3, scale=1 / 255, std=(1.0,) * 3, source="preset 0-1",
)  # fmt: skip


def write_square_detector(folder: Path) -> Bundle:
    """Write a bundle that finds squares of 16 pixels, each channel's as a class of its own."""
    boxes = [
        (x, y, x + SIDE, y + SIDE)
        for y in range(0, HEIGHT - SIDE + 1, STEP)
        for x in range(0, WIDTH - SIDE + 1, STEP)
    ]
    weights = {
        "places": np.array([boxes], np.float32),
        "zeros": np.zeros((3, 4), np.float32),
        "shape": np.array([1, _CELLS, 3], np.int64),
    }
    size = {"kernel_shape": [SIDE, SIDE], "strides": [STEP, STEP]}
    nodes = [
        make_node("AveragePool", ["image"], ["means"], **size),
        make_node("Transpose", ["means"], ["last"], perm=[0, 2, 3, 1]),
        make_node("Reshape", ["last", "shape"], ["scores"]),
        make_node("MatMul", ["scores", "zeros"], ["nothing"]),
        make_node("Add", ["nothing", "places"], ["boxes"]),
    ]
    shapes = {"boxes": (1, _CELLS, 4), "scores": (1, _CELLS, 3)}
    model = net(nodes, {"image": (1, 3, HEIGHT, WIDTH)}, shapes, weights)
    record = DetectRecord(
        box_format="xyxy", box_units="pixels", activation="none", score=0.9,
        boxes="boxes", scores="scores", nms=Nms(0.1, across_classes=True),
    )  # fmt: skip
    photo = (1, HEIGHT, WIDTH, 3), (1, 3, HEIGHT, WIDTH)
    manifest = manifest_of(
        model,
        inputs=(InputTensor("photo", "image", *photo, "NCHW", "float32"),),
        outputs=tuple(
            OutputTensor(name, name, shape, shape, "same", "float32", batched=True)
            for name, shape in shapes.items()
        ),
        task=Task("detect", labels=("red", "green", "blue"), record=record),
        preprocessing=_RULES,
    )
    return write_bundle(folder, manifest, {"model.onnx": model, "selftest.npz": npz({})})


def write_crossings(path: Path) -> None:
    """Write a video: red and green go right, one after the other, blue goes left; all cross x=80.

    Red goes back at the end, so that it crosses twice.
    """
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for number in range(FRAMES):
        frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        there_and_back = STEP * min(number, 2 * 19 - number)
        for channel, x, y in ((2, 28 + there_and_back, 0), (1, 12 + STEP * number, 24)):
            frame[y : y + SIDE, x : x + SIDE, channel] = 255
        x = 140 - STEP * number
        frame[48 : 48 + SIDE, x : x + SIDE, 0] = 255
        writer.write(frame)
    writer.release()
