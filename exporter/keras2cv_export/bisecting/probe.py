"""Run an ONNX file in OpenCV and save its outputs: `python probe.py FILE ENGINE IN.npz OUT.npz`.

Any Python with cv2 and NumPy can start this file; nothing of keras2cv is imported. It is a process
of its own because cv2 may crash on a graph that it does not expect.

ENGINE is "new" or "classic". IN.npz holds `inputs` and `outputs`, names in the file, and `in/<k>`,
float32, for each input. OUT.npz gets `out/<k>` for each output, and `versions`, JSON. --no-fusion
and --no-winograd switch those off; only the classic engine allows that.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main(path: str, engine: str, source: str, target: str, *options: str) -> int:
    """Run the file; return 0, or 1 after printing the error of OpenCV to stdout."""
    import cv2
    import numpy as np

    with np.load(source) as data:
        names, wanted = (list(map(str, data[k])) for k in ("inputs", "outputs"))
        feeds = {name: data[f"in/{k}"] for k, name in enumerate(names)}
    try:
        net = _load(cv2, path, engine, options)
        for name, array in feeds.items():
            # Up to 4.10, rank 3 means an image with channels, unless the array is wrapped in a Mat.
            mat: Any = cv2.Mat(array) if array.ndim == 3 else array  # type: ignore[no-untyped-call]
            net.setInput(mat, name)
        results = net.forward(wanted)
    except (cv2.error, SystemError) as error:
        print(json.dumps({"error": str(error) or type(error).__name__}), flush=True)
        return 1
    versions = json.dumps({"opencv": cv2.__version__, "engine": engine})
    arrays = {f"out/{k}": array for k, array in enumerate(results)}
    np.savez(target, versions=np.array(versions), **arrays)
    return 0


def _load(cv2: Any, path: str, engine: str, options: tuple[str, ...]) -> Any:
    """Return the net; OpenCV 4 has one engine, and no argument to choose it with."""
    chosen = {"engine": {"new": 2, "classic": 1}[engine]} if hasattr(cv2.dnn, "ENGINE_NEW") else {}
    net = cv2.dnn.readNetFromONNX(path, **chosen)
    if net.empty():
        raise cv2.error("the net is empty")
    if "--no-fusion" in options:
        net.enableFusion(False)
    if "--no-winograd" in options and hasattr(net, "enableWinograd"):  # from 4.7; 4.6 has none
        net.enableWinograd(False)
    return net


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
