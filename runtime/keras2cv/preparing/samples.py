"""Turn samples into the blobs of a run, a value for each input that a user gives."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import InputError
from keras2cv.net.tensors import by_name
from keras2cv.pixels.geometry import Placement
from keras2cv.preparing.clips import clips_of
from keras2cv.preparing.one_input import InputPreparer

Array = NDArray[Any]
Values: TypeAlias = tuple[Any, ...]  # of a sample, in the inputs' order


class SamplePreparer:
    """Prepares samples for a model of one input or several, of which one is a picture at least."""

    def __init__(self, manifest: Manifest) -> None:
        """Prepare for a manifest with preprocessing."""
        self._tensors = manifest.own_inputs
        self._inputs = [InputPreparer(t, manifest.rules_of(t.name)) for t in self._tensors]
        names = [tensor.name for tensor in self._tensors]
        self._first = names.index(str(manifest.image_input))

    @property
    def first(self) -> InputPreparer:
        """The first input that is a picture: results are drawn on it."""
        return self._inputs[self._first]

    def samples(self, given: Any) -> tuple[list[Values], bool]:
        """Return the samples in what `predict` was given, and whether it is a single one.

        Raises:
            InputError: it is none, or values for other inputs than the model's.
        """
        if isinstance(given, Mapping):
            return self._of_mapping(given)
        if len(self._inputs) > 1:
            return self._of_several(given)
        if self.first.rules is not None and self.first.rules.clip is not None:
            return self._of_clips(given)
        if _is_sequence(given):
            return [
                self._by_name(one) if isinstance(one, Mapping) else (one,) for one in given
            ], False
        return [(given,)], True

    def read(self, sample: Values) -> Values:
        """Return a sample with the files of its pictures read.

        Raises:
            InputError: one that cannot be read.
        """
        return tuple(one.read(v) for one, v in zip(self._inputs, sample, strict=True))

    def blobs(self, samples: Sequence[Values]) -> dict[str, Array]:
        """Return the blobs of samples that were `read`, by the net's names of the inputs.

        Raises:
            InputError: a value that its input does not take.
        """
        columns = zip(*samples, strict=True)
        return {
            one.tensor.net_name: one.blob(column)
            for one, column in zip(self._inputs, columns, strict=True)
        }

    def placement(self, sample: Values) -> Placement:
        """Return where the first picture of a sample that was `read` lies in its input."""
        return self.first.placement(sample[self._first])

    def _by_name(self, sample: Mapping[str, Any]) -> Values:
        return tuple(by_name(sample, self._tensors))

    def _of_mapping(self, given: Mapping[str, Any]) -> tuple[list[Values], bool]:
        """Return the sample in a dict by inputs, or the samples if the pictures are lists."""
        values = self._by_name(given)
        lists = [v for one, v in zip(self._inputs, values, strict=True) if _is_batch(one, v)]
        if not lists:
            return [values], True
        count = len(lists[0])
        sizes = {t.name: _length(v) for t, v in zip(self._tensors, values, strict=True)}
        if set(sizes.values()) != {count} or count == 0:
            shown = ", ".join(f"{size} for {name}" for name, size in sizes.items())
            raise InputError(f"Each input needs a value for each sample, got {shown}.")
        return list(zip(*values, strict=True)), False

    def _of_several(self, given: Any) -> tuple[list[Values], bool]:
        """Return a sample that has a value for each input, or a list of samples."""
        if not _is_sequence(given):
            raise InputError(self._wrong_count(1))
        whole = [isinstance(one, Mapping) or _is_sequence(one) for one in given]
        if not whole or not all(whole) or self._is_sample(given):
            return [self._in_order(given)], True
        return [
            self._by_name(one) if isinstance(one, Mapping) else self._in_order(one) for one in given
        ], False

    def _is_sample(self, given: Sequence[Any]) -> bool:
        """Return whether a list of lists is one sample, of clips and numbers."""
        if len(given) != len(self._inputs):
            return False
        return any(
            one.rules is not None and one.rules.clip is not None and not isinstance(value, Mapping)
            for one, value in zip(self._inputs, given, strict=True)
        ) and not all(isinstance(v, Sequence) and len(v) == len(self._inputs) for v in given)

    def _in_order(self, values: Sequence[Any]) -> Values:
        if len(values) != len(self._inputs):
            raise InputError(self._wrong_count(len(values)))
        return tuple(values)

    def _wrong_count(self, got: int) -> str:
        names = ", ".join(tensor.name for tensor in self._tensors)
        return (
            f"The model takes {len(self._tensors)} inputs ({names}), got {got}. Give a value for "
            "each: a dict by their names, or a list in their order."
        )

    def _of_clips(self, given: Any) -> tuple[list[Values], bool]:
        """Return one clip of an array, the clips in a list of frames, or those of a list."""
        rule = self.first.rules.clip if self.first.rules is not None else None
        assert rule is not None  # noqa: S101 - the caller looked
        if isinstance(given, np.ndarray) and given.ndim == 5:
            return [(clip,) for clip in given], False
        if not _is_sequence(given):
            return [(given,)], True
        if given and all(isinstance(one, Mapping) for one in given):
            return [self._by_name(one) for one in given], False
        if given and all(_is_sequence(one) or np.ndim(one) == 4 for one in given):
            return [(clip,) for clip in given], False
        return [(clip,) for clip in clips_of(given, rule)], False


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | os.PathLike)


def _is_batch(one: InputPreparer, value: Any) -> bool:
    """Return whether the value of a picture's input is one for each of several samples."""
    if one.rules is None:
        return False
    if one.rules.clip is None:
        return _is_sequence(value) or (isinstance(value, np.ndarray) and value.ndim == 4)
    if isinstance(value, np.ndarray):
        return value.ndim == 5
    return _is_sequence(value) and all(_is_sequence(v) or np.ndim(v) == 4 for v in value)


def _length(value: Any) -> int:
    return len(value) if _is_sequence(value) or np.ndim(value) > 0 else 0
