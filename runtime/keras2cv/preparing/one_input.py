"""Turn the values of one input into its blob: pictures, clips, or arrays as Keras takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import InputTensor, Preprocessing
from keras2cv.errors import InputError
from keras2cv.net.tensors import one_sample, to_net
from keras2cv.pixels.geometry import Placement
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.preparing.clips import one_clip, require_one_size
from keras2cv.preparing.reading import picture_of

Array = NDArray[Any]


class InputPreparer:
    """Prepares the values of one input, a value for each sample."""

    def __init__(self, tensor: InputTensor, rules: Preprocessing | None) -> None:
        """Prepare for `tensor`; without rules it takes arrays."""
        self.tensor, self.rules = tensor, rules
        self._preprocess = None if rules is None else Preprocessor(rules)

    def read(self, value: Any) -> Any:
        """Return a sample's value with its files read.

        Raises:
            InputError: a file that cannot be read, or a clip of too few or too many frames.
        """
        if self.rules is None:
            return value
        if self.rules.clip is None:
            return picture_of(value, self.rules)
        frames = one_clip(_frames(value), self.rules.clip)
        return [picture_of(frame, self.rules) for frame in frames]

    def blob(self, values: Sequence[Any]) -> Array:
        """Return the blob of some samples' values, as `read` returns them.

        Raises:
            InputError: one is no picture, or no array of the input's shape and dtype.
        """
        if self._preprocess is None:
            samples = [one_sample(value, self.tensor) for value in values]
            return to_net(np.concatenate(samples), self.tensor)[: len(values)]
        if self.rules is None or self.rules.clip is None:
            return self._preprocess(values)
        for frames in values:
            self._preprocess(frames[:1])  # a frame that is none has no size
            require_one_size(frames)
        clips = np.stack([self._preprocess(frames).transpose(0, 2, 3, 1) for frames in values])
        return to_net(clips, self.tensor)[: len(values)]

    def placement(self, value: Any) -> Placement:
        """Return where the picture of a value lies in the input; of a clip, the last frame."""
        assert self._preprocess is not None  # noqa: S101 - the caller asks for pictures alone
        is_clip = self.rules is not None and self.rules.clip is not None
        return self._preprocess.placement(value[-1] if is_clip else value)


def _frames(value: Any) -> Sequence[Any]:
    """Return the frames of a clip, given as a sequence or as an array (T, H, W, C)."""
    if isinstance(value, np.ndarray) and value.ndim == 4:
        return list(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    shown = value.shape if isinstance(value, np.ndarray) else type(value).__name__
    raise InputError(
        f"A clip must be a list of frames, or an array (frames, H, W, 3), got {shown}. "
        "Give the frames; videos go to `keras2cv run` and keras2cv.stream()."
    )
