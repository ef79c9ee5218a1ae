"""A model's answers in float64, to samples and to inputs beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv_export.model.exact import NoExactAnswerError
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.reference import exact_reference
from keras2cv_export.model.refused_sample import SampleRefusedError

from .open_rows import with_all_rows
from .samples import Sample

Outputs = dict[str, "np.ndarray[Any, Any]"]
_SEED: Final = 20


class ExactAnswers:
    """Asks TensorFlow in float64, for each input once and only when it is asked for."""

    def __init__(
        self,
        loaded: LoadedModel,
        manifest: Manifest,
        samples: Sequence[Sample],
        answer: Callable[[Sample], Outputs],
    ) -> None:
        """Take the samples, and the function that asks TensorFlow in float32.

        Args:
            loaded: The model.
            manifest: The bundle's, which names the outputs.
            samples: All of a question's.
            answer: Gives TensorFlow's answer in float32.
        """
        self._exact = exact_reference(loaded)
        self._names = [spec.name for spec in loaded.inputs]
        self._manifest = manifest
        self._outputs = [output.name for output in manifest.outputs]
        self._samples, self._answer = samples, answer
        self._known: dict[tuple[int, float], Outputs | None] = {}
        self._near: dict[tuple[int, float], tuple[Outputs, Outputs] | None] = {}
        columns = zip(*samples, strict=True)
        self._usual = [max(float(np.abs(a).max(initial=0)) for a in column) for column in columns]

    def __call__(self, index: int, moved: float) -> Outputs | None:
        """Return the exact answer to a sample whose inputs are moved by a share, or None."""
        if None in self._known.values():
            return None
        if (index, moved) not in self._known:
            self._known[index, moved] = self._computed(self._moved(index, moved))
        return self._known[index, moved]

    def near(self, index: int, moved: float) -> tuple[Outputs, Outputs] | None:
        """Return TensorFlow's answer to such inputs, rounded to their dtype, and the exact one."""
        if (index, moved) not in self._near:
            pairs = zip(self._moved(index, moved), self._samples[index], strict=True)
            inputs = tuple(array.astype(own.dtype) for array, own in pairs)
            self._near[index, moved] = self._both(inputs)
        return self._near[index, moved]

    def _both(self, inputs: Sample) -> tuple[Outputs, Outputs] | None:
        exact = self._computed(inputs)
        try:
            return None if exact is None else (self._answer(inputs), exact)
        except SampleRefusedError:  # a layer asserts something of its inputs
            return None

    def _computed(self, sample: Sample) -> Outputs | None:
        try:
            outputs = self._exact(dict(zip(self._names, sample, strict=True)))
        except NoExactAnswerError:
            return None
        arrays = with_all_rows([np.asarray(a) for a in outputs.values()], self._manifest)
        return dict(zip(self._outputs, arrays, strict=True))

    def _moved(self, index: int, share: float) -> Sample:
        """Move each floating-point input at random, by up to a share of its largest value.

        Every share has a direction of its own. Where all of it is 0, as in a black picture, by a
        share of its usual value: ties between equal scores show by that.
        """
        if share == 0.0:
            return self._samples[index]
        rng = np.random.default_rng((_SEED, round(1 / share)))
        moved = []
        for array, most in zip(self._samples[index], self._usual, strict=True):
            wide = array.astype(np.float64) if array.dtype.kind == "f" else array
            if array.dtype.kind == "f":
                step = share * (float(np.abs(wide).max(initial=0.0)) or most)
                wide = wide + rng.uniform(-step, step, wide.shape)
            moved.append(wide)
        return tuple(moved)
