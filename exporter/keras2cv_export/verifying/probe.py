"""Load an ONNX file in this Python's OpenCV, and run it once (the child's side of `probing.py`).

Any Python with cv2 and NumPy can start this file; nothing of keras2cv is imported. The child
reports its stages:

    stage="loading", opencv="5.0.0"
    stage="running"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from runpy import run_path
from typing import Any

SEED = 7


def answer(request: Mapping[str, Any], tell: Callable[..., None]) -> dict[str, Any]:
    """Try a file; return {"error": text} if OpenCV refuses it.

    Args:
        request: "path", "engine", "new" or "classic", "asking", the path of a file with
            `engine_options`, and "shapes", input name -> static shape; None where the file is to
            be loaded and not run.
        tell: Reports a stage.
    """
    import cv2

    tell(stage="loading", opencv=cv2.__version__)
    try:
        net = load(cv2, request)
        if request["shapes"] is not None:
            tell(stage="running")
            run(net, request["shapes"])
    except (cv2.error, SystemError) as error:
        return {"error": str(error) or type(error).__name__}
    return {}


def load(cv2: Any, request: Mapping[str, Any]) -> Any:
    """Return the net.

    Raises:
        cv2.error: OpenCV has no such engine, refuses the file, or makes an empty net of it.
    """
    path, engine = request["path"], request["engine"]
    asking = run_path(request["asking"])
    options = asking["engine_options"](cv2)
    if engine not in options:
        raise cv2.error(f"there is no {engine} engine")
    read = cv2.dnn.readNetFromTensorflow if path.endswith(".pb") else cv2.dnn.readNetFromONNX
    net = read(asking["openable"](path), **options[engine])
    if net.empty():
        raise cv2.error("the net is empty")
    return net


def run(net: Any, shapes: dict[str, list[int]]) -> None:
    """Put noise in, and take every output."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(SEED)
    for name, shape in shapes.items():
        blob = rng.uniform(0.1, 1.0, shape).astype(np.float32)
        # Up to 4.10, rank 3 means an image with channels, unless the array is wrapped in a Mat.
        mat = cv2.Mat(blob) if blob.ndim == 3 else blob  # type: ignore[no-untyped-call]
        net.setInput(mat, name)
    net.forward(net.getUnconnectedOutLayersNames())
