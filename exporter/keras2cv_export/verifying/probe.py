"""Load an ONNX file in this Python's OpenCV, and run it once: `python probe.py FILE ENGINE INPUTS`.

Any Python with cv2 and NumPy can start this file; nothing of keras2cv is imported. It is a process
of its own because cv2 may crash on a graph that it does not expect.

ENGINE is "new" or "classic". INPUTS is a JSON map, input name -> static shape, or the word null
where the file is to be loaded and not run. Progress goes to stdout, a JSON map per line:

    {"stage": "loading", "opencv": "5.0.0"}, {"stage": "running"}, {"stage": "done"}
    {"error": "OpenCV(5.0.0) ...: error: (-2:...) ..."}
"""

from __future__ import annotations

import json
import sys
from typing import Any

SEED = 7


def main(path: str, engine: str, inputs: str) -> int:
    """Try the file; return 0 if OpenCV took it, 1 if it raised an error."""
    import cv2

    say(stage="loading", opencv=cv2.__version__)
    try:
        net = load(cv2, path, engine)
        shapes = json.loads(inputs)
        if shapes is not None:
            say(stage="running", opencv=cv2.__version__)
            run(net, shapes)
    except (cv2.error, SystemError) as error:
        say(error=str(error) or type(error).__name__)
        return 1
    say(stage="done")
    return 0


def load(cv2: Any, path: str, engine: str) -> Any:
    """Return the net; OpenCV 4 has one engine, and no argument to choose it with."""
    options = {"engine": {"new": 2, "classic": 1}[engine]} if hasattr(cv2.dnn, "ENGINE_NEW") else {}
    frozen = path.endswith(".pb")
    net = (cv2.dnn.readNetFromTensorflow if frozen else cv2.dnn.readNetFromONNX)(path, **options)
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


def say(**facts: str) -> None:
    """Print one JSON line at once."""
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
