"""Keras' own pipeline on labelled data: its decoder, its resize, its normalisation, its model.

Only the step from outputs to results is the bundle's, since Keras has none of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.manifest import Manifest, Preprocessing
from keras2cv.errors import InputError, UsageError
from keras2cv.evaluation.answering import Answered, are_pictures
from keras2cv.pixels.geometry import Placement, place
from keras2cv.predictor import Predictor
from keras2cv.tasks.postprocess import results_of, unplaced
from keras2cv.tasks.result import Result
from keras2cv.tasks.task import Task
from keras2cv_export.confined_child import needs_child
from keras2cv_export.end_to_end import reference_pictures as keras_side
from keras2cv_export.end_to_end.own_function import Function, load_own_function
from keras2cv_export.end_to_end.reference_preprocessing import (
    ReferencePreprocessing,
    parse_reference,
)
from keras2cv_export.model.load import import_modules
from keras2cv_export.model.untrusted.confined import confined

from .confined_model import model_in_child
from .model_answers import ModelAnswers, open_model

Array = np.ndarray[Any, Any]


@contextmanager
def keras_answers(
    against: Any,
    model: Predictor,
    *,
    unsafe: bool = False,
    imports: Sequence[str] = (),
    resize: str | None = None,
    preprocess: str | os.PathLike[str] | None = None,
    function: str | None = None,
) -> Iterator[KerasPipeline]:
    """Give the pipeline of a Keras model.

    Args:
        against: The model, or its file.
        model: The bundle.
        unsafe: Open a file that may run code.
        imports: Modules with the model's own classes.
        resize: As `--reference-resize` of `check`.
        preprocess: As `--reference-preprocess` of `check`.
        function: As `--reference-fn` of `check`.

    Raises:
        ModelError: The model cannot be loaded.
        UsageError: It is another model than the bundle's, or an option means nothing.
    """
    manifest = model.manifest
    _require_one_picture(manifest)
    with _opened(against, manifest, unsafe, imports, own=function is not None) as answers:
        reference, own = None, None
        rules = manifest.preprocessing
        if rules is not None:
            chosen = None if preprocess is None else Path(preprocess)
            library = None if function is not None else answers.library
            reference = parse_reference(resize, chosen, rules, library)
            own = None if function is None else load_own_function(function, rules)
        yield KerasPipeline(manifest, model.task, answers.answer, reference, own)


@contextmanager
def _opened(
    against: Any, manifest: Manifest, unsafe: bool, imports: Sequence[str], *, own: bool
) -> Iterator[ModelAnswers]:
    """Give the model: in a child if it is a stranger's file, and this process is the user's.

    Args:
        against: The model, or its file.
        manifest: The bundle's.
        unsafe: Open a file that may run code.
        imports: Modules with the model's own classes.
        own: Whether the user's own pipeline runs here, which needs all rights.
    """
    with ExitStack() as stack:
        if needs_child(against, unsafe=unsafe or own):
            found = stack.enter_context(model_in_child(against, manifest, imports))
            if found is not None:
                yield found
                return
        import_modules(imports)
        stack.enter_context(confined(unsafe=unsafe or own, own_code=bool(imports)))
        yield open_model(against, manifest, unsafe=unsafe, imports=imports)


class KerasPipeline:
    """Answers pictures' files, pixels or arrays as the Keras model does."""

    def __init__(
        self,
        manifest: Manifest,
        task: Task,
        answer: Any,
        reference: ReferencePreprocessing | None,
        function: Function | None,
    ) -> None:
        self._manifest, self._task, self._answer = manifest, task, answer
        self._reference, self._function = reference, function

    @property
    def name(self) -> str:
        """Who it is, in words."""
        if self._function is not None:
            return f"Keras, by {self._function}"
        return "Keras" if self._reference is None else f"Keras ({self._reference})"

    def answer(self, found: Sequence[Answered]) -> list[Result | str]:
        """Return its result for each sample, or the reason why there is none."""
        prepared = [self._prepared(one) for one in found]
        good = [k for k, one in enumerate(prepared) if not isinstance(one, str)]
        results: list[Result | str] = [one if isinstance(one, str) else "" for one in prepared]
        size = self._manifest.model.batch
        for start in range(0, len(good), size):
            places = good[start : start + size]
            inputs = [prepared[k] for k in places]
            for k, result in zip(places, self._results(inputs), strict=True):
                results[k] = result
        return results

    def _results(self, prepared: Sequence[Any]) -> list[Result]:
        """Return the results of at most a batch of (input, placement) pairs."""
        tensor = self._manifest.own_inputs[0]
        inputs = np.stack([values for values, _ in prepared])
        missing = self._manifest.model.batch - len(inputs)
        filled = np.concatenate([inputs, np.repeat(inputs[-1:], missing, axis=0)])
        outputs = self._answer((filled.astype(tensor.dtype, copy=False),))
        own = self._manifest.own_outputs
        cut = {
            o.name: outputs[o.name][: len(inputs)] if o.batched else outputs[o.name] for o in own
        }
        return results_of(self._task, cut, own, [where for _, where in prepared])

    def _prepared(self, one: Answered) -> tuple[Array, Placement] | str:
        """Return the model's input for a sample, and where the picture lies in it."""
        try:
            if one.given is not None and not are_pictures(self._manifest, one.given):
                return one.given[0], unplaced(self._manifest.image_size_wh, 1)[0]
            return self._picture(one)
        except (InputError, OSError) as error:
            return str(error)

    def _picture(self, one: Answered) -> tuple[Array, Placement]:
        rules, reference = self._manifest.preprocessing, self._reference
        if rules is None or reference is None:
            raise UsageError("The bundle does not say how a picture becomes its input.")
        size_wh = (rules.size_wh[0], rules.size_wh[1])
        if one.sample is not None:
            pixels = keras_side.decode(one.sample.path, reference, rules.channels, rules.bits)
        else:
            pixels = self._pixels(one, rules)
        where = place((pixels.shape[1], pixels.shape[0]), size_wh, reference.rule)
        if self._function is not None and one.sample is not None:
            return self._as_taken(self._function(one.sample.path)), where
        resized = keras_side.resize(pixels, size_wh, reference)
        turned = keras_side.transposed(resized, reference)
        return self._as_taken(keras_side.normalise(turned, reference)), where

    def _as_taken(self, image: Array) -> Array:
        """Return an image (H, W, C) with the axes that the model takes."""
        return np.moveaxis(image, -1, 0) if self._manifest.image_channels_first else image

    @staticmethod
    def _pixels(one: Answered, rules: Preprocessing) -> Array:
        """Return an array that is a picture as RGB or gray, (H, W, C)."""
        if one.image is not None:
            return keras_side.as_rgb(one.image, rules.channels)
        assert one.given is not None  # noqa: S101 - it is an array
        pixels: Array = one.given[0].reshape(*one.given.shape[1:3], rules.channels)
        return pixels


def _require_one_picture(manifest: Manifest) -> None:
    """Raise unless Keras' own pipeline is known: of one input, a picture or an array.

    Raises:
        UsageError: it is not.
    """
    rules, count = manifest.preprocessing, len(manifest.own_inputs)
    if count != 1 or (rules is not None and not rules.is_picture_file):
        raise UsageError(
            "--against evaluates models of one input, a picture of gray or colour or an array, and "
            f"this bundle has {count} input{'s' * (count != 1)} of another kind. Leave it out."
        )
