"""The compiled graph as a TensorFlow graph that `cv2.dnn.readNetFromTensorflow` computes right.

The passes have made an ONNX graph of few, plain ops by then, channels first. Each op is written
here in the one form that OpenCV's TensorFlow importer reads right, measured from 4.6 to 5.0.
"""

from .examine import examine_frozen, require_writable
from .names import fit_names
from .node import FrozenNode
from .write import write_nodes

__all__ = ["FrozenNode", "examine_frozen", "fit_names", "require_writable", "write_nodes"]
