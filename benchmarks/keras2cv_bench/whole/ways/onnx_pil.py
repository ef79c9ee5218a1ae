"""onnxruntime with Pillow reading the files; the picture is then resized by the bundle's rules."""

from __future__ import annotations

import numpy as np
from PIL import Image

from keras2cv_bench.pipeline import Array
from keras2cv_bench.whole.task import Task, Way
from keras2cv_bench.whole.ways import onnx_cv2


def open_way(task: Task) -> Way:
    """Load the ONNX file."""
    return onnx_cv2.open_way(task, decode=_read)


def _read(path: str) -> Array:
    with Image.open(path) as image:
        return np.ascontiguousarray(np.asarray(image.convert("RGB"))[..., ::-1])
