"""Run an ONNX file in OpenCV and save its outputs (the child's side of `asking.py`).

Any Python with cv2 and NumPy can start this file; nothing of keras2cv is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from runpy import run_path
from typing import Any


def answer(request: Mapping[str, Any], tell: Callable[..., None]) -> dict[str, Any]:
    """Run the file; return OpenCV's version, or {"error": text} if OpenCV refuses it.

    Args:
        request: "path", the file's; "engine", "new" or "classic"; "asking", the path of a file with
            `engine_options`; "inputs" and "outputs", names in the file; "source", the path
            of an .npz with `in/<k>`, float32, for each input;
            "target", where an .npz with `out/<k>` for each output goes; "fusion" and "winograd",
            which only the classic engine can switch off.
        tell: Reports a stage.
    """
    import cv2
    import numpy as np

    with np.load(request["source"]) as data:
        feeds = {name: data[f"in/{k}"] for k, name in enumerate(request["inputs"])}
    try:
        tell(stage="loading")
        net = _load(cv2, request)
        tell(stage="running")
        for name, array in feeds.items():
            # Up to 4.10, rank 3 means an image with channels, unless the array is wrapped in a Mat.
            mat: Any = cv2.Mat(array) if array.ndim == 3 else array  # type: ignore[no-untyped-call]
            net.setInput(mat, name)
        results = net.forward(request["outputs"])
    except (cv2.error, SystemError) as error:
        return {"error": str(error) or type(error).__name__}
    np.savez(request["target"], **{f"out/{k}": array for k, array in enumerate(results)})
    return {"opencv": cv2.__version__}


def _load(cv2: Any, request: Mapping[str, Any]) -> Any:
    asking = run_path(request["asking"])
    options = asking["engine_options"](cv2)[request["engine"]]
    net = cv2.dnn.readNetFromONNX(asking["openable"](request["path"]), **options)
    if net.empty():
        raise cv2.error("the net is empty")
    if not request["fusion"]:
        net.enableFusion(False)
    if not request["winograd"] and hasattr(net, "enableWinograd"):  # from 4.7; 4.6 has none
        net.enableWinograd(False)
    return net
