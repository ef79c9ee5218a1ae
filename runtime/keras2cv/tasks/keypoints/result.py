"""The class that `predict` returns; a detector's boxes may have such keypoints, too."""

from keras2cv.tasks.keypoints_result import Keypoint, Keypoints

__all__ = ["Keypoint", "Keypoints"]
