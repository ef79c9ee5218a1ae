"""Keras' own pipeline on labelled data: its decoder, its resize, its normalisation, its model.

Only the step from outputs to results is the bundle's, since Keras has none of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from keras2cv.bundle.manifest import InputTensor, Manifest, Preprocessing
from keras2cv.errors import InputError, UsageError
from keras2cv.evaluation.answering import Answered, are_pictures, is_prepared
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
from keras2cv_export.verifying.pictures import walked

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
    _require_known_pictures(manifest)
    with _opened(against, manifest, unsafe, imports, own=function is not None) as answers:
        chosen = None if preprocess is None else Path(preprocess)
        references, own = {}, None
        for rules in manifest.pictures:
            library = None if function is not None else answers.libraries[rules.input]
            references[rules.input] = parse_reference(resize, chosen, rules, library)
        if function is not None and manifest.preprocessing is not None:
            own = load_own_function(function, manifest.preprocessing)
        yield KerasPipeline(manifest, model.task, answers.answer, references, own)


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
        references: Mapping[str, ReferencePreprocessing],
        function: Function | None,
    ) -> None:
        self._manifest, self._task, self._answer = manifest, task, answer
        self._references, self._function = references, function

    @property
    def name(self) -> str:
        """Who it is, in words."""
        if self._function is not None:
            return f"Keras, by {self._function}"
        described = ", ".join(dict.fromkeys(map(str, self._references.values())))
        return f"Keras ({described})" if described else "Keras"

    def answer(self, found: Sequence[Answered]) -> list[Result | str]:
        """Return its result for each sample, or the reason why there is none."""
        prepared = [self._prepared(one) for one in found]
        good = [k for k, one in enumerate(prepared) if not isinstance(one, str)]
        results: list[Result | str] = [one if isinstance(one, str) else "" for one in prepared]
        size = self._manifest.model.batch
        for start in range(0, len(good), size):
            places = good[start : start + size]
            inputs = [one for k in places if not isinstance(one := prepared[k], str)]
            for k, result in zip(places, self._results(inputs), strict=True):
                results[k] = result
        return results

    def _results(self, prepared: Sequence[tuple[tuple[Array, ...], Placement]]) -> list[Result]:
        """Return the results of at most a batch of (inputs, placement) pairs."""
        columns = zip(*(values for values, _ in prepared), strict=True)
        pairs = zip(columns, self._manifest.own_inputs, strict=True)
        outputs = self._answer(tuple(self._filled(column, tensor) for column, tensor in pairs))
        own = self._manifest.own_outputs
        count = len(prepared)
        cut = {o.name: outputs[o.name][:count] if o.batched else outputs[o.name] for o in own}
        return results_of(self._task, cut, own, [where for _, where in prepared])

    def _filled(self, column: Sequence[Array], tensor: InputTensor) -> Array:
        """Return one input of a whole batch; the last sample fills it up."""
        inputs = np.stack(column)
        missing = self._manifest.model.batch - len(inputs)
        filled = np.concatenate([inputs, np.repeat(inputs[-1:], missing, axis=0)])
        return filled.astype(tensor.dtype, copy=False)

    def _prepared(self, one: Answered) -> tuple[tuple[Array, ...], Placement] | str:
        """Return the model's inputs for a sample, and where the picture lies in its own."""
        try:
            if one.inputs is not None:
                return self._several(one.inputs)
            if one.given is not None and not are_pictures(self._manifest, one.given):
                return (one.given[0],), self._nowhere
            values, where = self._picture(one)
            return (values,), where
        except (InputError, OSError) as error:
            return str(error)

    def _several(self, given: Mapping[str, Array]) -> tuple[tuple[Array, ...], Placement]:
        """Return each input by its own rules; boxes and masks are of the first picture."""
        values, where = [], self._nowhere
        for tensor in self._manifest.own_inputs:
            value, rules = given[tensor.name], self._manifest.rules_of(tensor.name)
            if rules is None or is_prepared(self._manifest, tensor.name, value):
                values.append(value)
                continue
            made, placed = self._of_array(value, rules)
            values.append(made)
            where = placed if tensor.name == self._manifest.image_input else where
        return tuple(values), where

    @property
    def _nowhere(self) -> Placement:
        return unplaced(self._manifest.image_size_wh, 1)[0]

    def _picture(self, one: Answered) -> tuple[Array, Placement]:
        rules = self._manifest.preprocessing
        if rules is None:
            raise UsageError("The bundle does not say how a picture becomes its input.")
        if one.sample is None:
            if one.image is not None:
                return self._resized(keras_side.as_rgb(one.image, rules.channels), rules)
            assert one.given is not None  # noqa: S101 - it is an array
            return self._of_array(one.given[0], rules)
        reference = self._references[rules.input]
        pixels = keras_side.decode(one.sample.path, reference, rules.channels, rules.bits)
        values, where = self._resized(pixels, rules)
        if self._function is not None:
            values = self._as_taken(self._function(one.sample.path), rules)
        return values, where

    def _of_array(self, value: Array, rules: Preprocessing) -> tuple[Array, Placement]:
        """Return the input for a picture (H, W, C) or gray, or for a clip of such frames."""
        if rules.clip is None:
            return self._resized(value.reshape(*value.shape[:2], rules.channels), rules)
        frames = [self._resized(frame.reshape(*frame.shape[:2], rules.channels), rules)
                  for frame in value]  # fmt: skip
        return np.stack([values for values, _ in frames]), frames[0][1]

    def _resized(self, pixels: Array, rules: Preprocessing) -> tuple[Array, Placement]:
        """Return the input for pixels (H, W, C), RGB or gray, and where they lie in it."""
        reference = self._references[rules.input]
        size_wh = (rules.size_wh[0], rules.size_wh[1])
        where = place((pixels.shape[1], pixels.shape[0]), size_wh, reference.rule)
        resized = keras_side.resize(pixels, size_wh, reference)
        turned = keras_side.transposed(resized, reference)
        return self._as_taken(keras_side.normalise(turned, reference), rules), where

    def _as_taken(self, image: Array, rules: Preprocessing) -> Array:
        """Return an image (H, W, C) with the axes that the model takes."""
        is_first = self._manifest.about(rules).image_channels_first
        return np.moveaxis(image, -1, 0) if is_first else image


def _require_known_pictures(manifest: Manifest) -> None:
    """Raise unless other libraries read each picture of the bundle: of gray or colour.

    Raises:
        UsageError: They do not.
    """
    if manifest.front is not None and len(manifest.own_inputs) != 1:
        raise UsageError(
            "--against evaluates no model whose first layers run before the net and make "
            f"{len(manifest.own_inputs)} inputs of it. Leave it out."
        )
    others = [rules for rules in manifest.pictures if rules not in walked(manifest)]
    if others:
        raise UsageError(
            "--against evaluates models of arrays and of pictures of gray or colour, and the "
            f"input {others[0].input!r} takes {others[0].channels} channels of another kind. "
            "Leave it out."
        )
