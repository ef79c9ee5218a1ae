"""The last steps of a model that OpenCV has no layers for, computed by NumPy.

A model that ends in non-maximum suppression is cut before it. The net computes the `heads`, and the
steps of the manifest's `tail` make Keras' outputs of them, by TensorFlow's arithmetic. A tail holds
no code: `step.py` lists every operation.
"""

from keras2cv.numpy_tail.finish import finish
from keras2cv.numpy_tail.step import MAX_STEPS, NmsRule, Step

__all__ = ["MAX_STEPS", "NmsRule", "Step", "finish"]
