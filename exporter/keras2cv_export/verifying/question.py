"""The question of a comparison: samples, and TensorFlow's answers to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from keras2cv.bundle.manifest import Manifest
from keras2cv.errors import UsageError
from keras2cv_export.model.load import LoadedModel
from keras2cv_export.model.reference import reference
from keras2cv_export.model.refused_sample import NoSuchRowError, SampleRefusedError
from keras2cv_export.parity.exactness import TENSORFLOW
from keras2cv_export.parity.parity import Exact, Near, unrepeatable
from keras2cv_export.parity.tolerance import Tolerance, parse_tolerance

from .exact_answers import ExactAnswers
from .front_samples import samples_behind
from .neighbours import leaning_rows
from .open_rows import with_all_rows
from .pictures import Picture, PictureInput, draw_picture, has_golden_picture, walked
from .ranges import embedding_rows, ranges_of
from .samples import Sample, ValueRange, default_samples, load_samples
from .stress import Stress, stress_samples

# Four drawn samples: enough for outputs to be seen to vary, few enough for VGG16 in seconds.
SAMPLES = 4
SEED = 20


_T = TypeVar("_T")
Array = np.ndarray[Any, Any]


Outputs = dict[str, Array]


@dataclass(frozen=True)
class Question:
    """The question to both sides: samples, TensorFlow's answers, and the limits of agreement.

    Attributes:
        samples: Inputs in Keras' layout and order.
        expected: TensorFlow's outputs by name, for each sample.
        picture: For image tasks, one image with its results at each stage, for the golden vectors.
        tolerance: The limits.
        scores: Outputs that are known to hold class scores.
        constant: Outputs that are known not to depend on the input.
        stress: Inputs that the model was not made for, with TensorFlow's outputs.
        exact: Gives the exact outputs for a sample, see `Exact`; those of `stress` are behind the
            others.
        unsteady: TensorFlow's own differences between two runs; usually none.
        pictures: Image files that the last samples were made of, by the bundle's preprocessing.
        judge: Who gave the expected outputs.
        leaning: Outputs whose answer to a sample depends on the others of its batch.
        near: Gives the outputs and the exact ones for inputs beside a sample, see `Near`.
    """

    samples: Sequence[Sample]
    expected: Sequence[Outputs]
    picture: Picture | None
    tolerance: Tolerance
    scores: Mapping[str, str]
    constant: frozenset[str]
    stress: tuple[Stress, ...] = ()
    exact: Exact | None = None
    unsteady: tuple[str, ...] = ()
    pictures: tuple[Path, ...] = ()
    judge: str = TENSORFLOW
    leaning: frozenset[str] = frozenset()
    near: Near | None = None


Answer = Callable[[Sample], Outputs]
"""Asks TensorFlow: a sample in, the outputs with the manifest's names and dtypes out."""


def answerer(loaded: LoadedModel, manifest: Manifest) -> Answer:
    """Return a function that asks TensorFlow.

    It raises UsageError where the model's outputs are not the manifest's.
    """
    native = reference(loaded)
    names = [s.name for s in loaded.inputs]

    def answer(sample: Sample) -> Outputs:
        return as_promised(native(dict(zip(names, sample, strict=True))), manifest)

    return answer


def ask(
    loaded: LoadedModel,
    manifest: Manifest,
    *,
    samples: str | PathLike[str] | None,
    tolerance: str | Sequence[str] | Tolerance,
    scores: Mapping[str, str],
    constant: frozenset[str],
    pictures: Sequence[Path] = (),
    answer: Answer | None = None,
    drawn: int = SAMPLES,
    smooth: bool = False,
    begin: Callable[[Sequence[Sample], Sequence[Sample]], None] = lambda *_: None,
    golden: bool = True,
) -> Question:
    """Read or draw samples, and let TensorFlow answer them.

    Args:
        loaded: The model.
        manifest: The bundle's.
        samples: The user's samples; None: they are drawn.
        tolerance: As `check` takes it.
        scores: Outputs that are known to hold class scores.
        constant: Outputs that are known not to depend on the input.
        pictures: Image files as more samples, for a manifest with preprocessing.
        answer: The function of `answerer`, if there is one already.
        drawn: How many samples are drawn where none are given.
        smooth: Draw them without edges and texture.
        begin: Called with the samples, and those of stress, before TensorFlow answers them; called
            again if some of them are replaced or left out.
        golden: Whether a picture is drawn for the golden vectors, which a check does not write.

    Raises:
        InputError: The samples cannot be read or do not fit the model.
        ModelError: TensorFlow cannot compute the model on them.
        UsageError: The tolerance is not valid or names no output, or the model's outputs are not
            the manifest's.
    """
    limits = parse_tolerance(tolerance)
    limits.require_outputs([o.name for o in manifest.outputs])
    picture_inputs = [PictureInput(manifest, rules) for rules in walked(manifest)]
    # A model with further inputs cannot take a picture alone as a sample.
    is_alone = len(manifest.inputs) == 1 and manifest.preprocessing is not None
    preprocess = PictureInput(manifest) if is_alone else None
    has_picture = is_alone and has_golden_picture(manifest)
    answer = answer or answerer(loaded, manifest)
    given = loaded.judge.samples if loaded.judge is not None else None

    def put(rows: Mapping[str, int]) -> tuple[_Drawn, list[Outputs], list[Outputs]]:
        ranges = ranges_of(loaded, manifest) | {name: (0, n - 1) for name, n in rows.items()}
        if given is not None:  # whoever answers knows these alone
            begin(given, [])
            return _Drawn(list(given), ()), *halves([answer(s) for s in there_and_back(given)])
        chosen = _choose_samples(loaded, ranges, samples, preprocess, drawn, smooth=smooth)
        usual = list(chosen)
        for picture_input in reversed(picture_inputs):  # those of the first input come last
            chosen += picture_input.samples(pictures, usual)
        stress = stress_samples(loaded.inputs, ranges, rows, int(manifest.model.size_bytes))
        found = _Drawn(chosen, tuple(stress))
        begin(chosen, [sample for _, sample in found.stress])
        return found, *halves([answer(s) for s in there_and_back(chosen)])

    asked, expected, again = _with_rows_that_there_are(loaded, put, drawn=samples is None)
    unsteady = first_difference(
        unrepeatable(expected, again, limits), loaded.judge_name, "The reference is no use"
    )
    stressed = tuple(_answered(answer, asked.stress))
    samples_of_stress = [one.sample for one in stressed]
    if len(stressed) < len(asked.stress):
        begin(asked.samples, samples_of_stress)
    exact = ExactAnswers(loaded, manifest, [*asked.samples, *samples_of_stress], answer)
    return Question(
        asked.samples,
        expected,
        draw_picture(manifest, preprocess, answer)
        if golden and preprocess and has_picture and given is None
        else None,
        limits,
        scores,
        constant,
        stressed,
        exact,
        unsteady,
        tuple(pictures),
        loaded.judge_name,
        frozenset() if loaded.states else leaning_rows(answer, asked.samples, expected),
        exact.near,
    )


@dataclass(frozen=True)
class _Drawn:
    """The samples, and those of stress by their names."""

    samples: list[Sample]
    stress: tuple[tuple[str, Sample], ...]


def _with_rows_that_there_are(
    loaded: LoadedModel, put: Callable[[Mapping[str, int]], _T], *, drawn: bool
) -> _T:
    """Put a question by the rows of its embeddings; again where TensorFlow has not such a row.

    Raises:
        NoSuchRowError: The samples are the user's, or the model takes no row that it was said to
            have.
    """
    rows = embedding_rows(loaded)
    while True:
        try:
            return put(rows)
        except NoSuchRowError as error:
            if not drawn or error.rows in rows.values():
                raise
            rows = _looked_up(loaded, error.rows)


def _answered(answer: Answer, drawn: Iterable[tuple[str, Sample]]) -> Iterator[Stress]:
    """Yield those that the model takes: a layer may assert something of its input."""
    for name, sample in drawn:
        with suppress(SampleRefusedError):
            yield Stress(name, sample, answer(sample))


def _looked_up(loaded: LoadedModel, rows: int) -> dict[str, int]:
    """Return the inputs that may be looked up in a table with so many rows: all but pictures.

    A SavedModel has no layers to tell by, and the first Embedding of an old Keras takes floats.
    """
    return {spec.name: rows for spec in loaded.inputs if not spec.is_image}


def there_and_back(samples: Sequence[Sample]) -> list[Sample]:
    """List all samples, then all backwards, which exposes an answer left from the last call."""
    return [*samples, *reversed(samples)]


def halves(answers: Sequence[Outputs]) -> tuple[list[Outputs], list[Outputs]]:
    """Split the answers to `there_and_back` into both runs, each in the samples' order."""
    half = len(answers) // 2
    return list(answers[:half]), list(reversed(answers[half:]))


def first_difference(differences: Sequence[str], side: str, consequence: str) -> tuple[str, ...]:
    """Return the first difference between two runs of one side, as a sentence."""
    if not differences:
        return ()
    more = f" (and {len(differences) - 1} more)" if len(differences) > 1 else ""
    return (f"{side} does not repeat itself: {differences[0]}{more}. {consequence}.",)


def as_promised(outputs: Outputs, manifest: Manifest) -> Outputs:
    """Give TensorFlow's outputs the manifest's names and dtypes.

    They are matched by position, since a SavedModel may have other names than the model that it
    was made from. A float16 head becomes float32.

    Raises:
        UsageError: they are not the manifest's.
    """
    promised = [o.keras_shape for o in manifest.outputs]
    found = {name: np.asarray(array) for name, array in outputs.items()}
    found = dict(zip(found, with_all_rows(list(found.values()), manifest), strict=True))
    if [array.shape for array in found.values()] != promised:
        raise UsageError(
            f"The model gives {_shown(outputs, (a.shape for a in found.values()))}, and the bundle "
            f"was made for {_shown((o.name for o in manifest.outputs), promised)}. "
            "Give the model that the bundle was made from."
        )
    pairs = zip(manifest.outputs, found.values(), strict=True)
    return {o.name: array.astype(o.dtype, copy=False) for o, array in pairs}


def _shown(names: Iterable[str], shapes: Iterable[tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in zip(names, shapes, strict=True))


def _choose_samples(
    loaded: LoadedModel,
    ranges: Mapping[str, ValueRange],
    given: str | PathLike[str] | None,
    preprocess: PictureInput | None,
    drawn: int,
    *,
    smooth: bool,
) -> list[Sample]:
    if loaded.front is not None:
        usual = default_samples(loaded.inputs, drawn, SEED, value_range=ranges, smooth=smooth)
        return samples_behind(loaded.front, loaded.inputs, usual, given)
    if given is None:
        return default_samples(loaded.inputs, drawn, SEED, value_range=ranges, smooth=smooth)
    if preprocess is None:
        return load_samples(Path(given), loaded.inputs)
    return load_samples(Path(given), loaded.inputs, preprocess=preprocess.read)
