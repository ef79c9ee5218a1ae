"""What `predict` returns: frozen, self-checking types, one per task, that draw themselves.

Every type has `to_dict()`, plain JSON types, and `draw(image)`, which returns a new
(H, W, 3) uint8 BGR picture of the image (also gray, BGRA, 16 bits) with the answer on it. cv2
draws ASCII only: accents are dropped there, other letters become `?`; `to_dict` keeps them.
"""

from keras2cv.tasks.results.detections import Detection, Detections
from keras2cv.tasks.results.embedding import Embedding
from keras2cv.tasks.results.image_result import ImageResult
from keras2cv.tasks.results.keypoints import Keypoint, Keypoints
from keras2cv.tasks.results.result import Result
from keras2cv.tasks.results.scored import (
    BinaryResult,
    Classification,
    RawOutputs,
    Regression,
    Scored,
)
from keras2cv.tasks.results.segmentation import Segmentation

__all__ = [
    "BinaryResult",
    "Classification",
    "Detection",
    "Detections",
    "Embedding",
    "ImageResult",
    "Keypoint",
    "Keypoints",
    "RawOutputs",
    "Regression",
    "Result",
    "Scored",
    "Segmentation",
]
