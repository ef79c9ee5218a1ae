"""Answer rows: each gets its result, or the sentence that says why it has none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from keras2cv.columns.arrays import row_of
from keras2cv.errors import BundleError, InputError, UsageError
from keras2cv.net.tensors import chunks
from keras2cv.predictor import Predictor
from keras2cv.streams.doubts import of_inputs, of_outputs
from keras2cv.tasks.result import Result

Array = NDArray[Any]
Sample: TypeAlias = dict[str, Array]
ReadImage: TypeAlias = Callable[[Any], Array]

_ARRAYS_AT_A_TIME: Final = 64  # samples that are no images, and so are small


@dataclass(frozen=True, eq=False, slots=True)
class RowAnswer:
    """One row's result, and the outputs that it was made of, by name; or why it has none.

    An answer that means nothing, such as NaN, has a result and a `problem`.
    """

    result: Result | None = None
    outputs: Mapping[str, Array] = field(default_factory=dict)
    problem: str = ""


def answer_rows(
    model: Predictor, columns: Mapping[str, Array], read_image: ReadImage | None
) -> Iterator[RowAnswer]:
    """Yield an answer for each row, in order; a bad row changes no other.

    Args:
        model: Any but one with states, which would depend on the order.
        columns: For each input, by name, its rows.
        read_image: From a row of the image's column to the image; None: the column holds arrays.

    Raises:
        NetError: OpenCV fails.
        MissingDependency: what opens the addresses of images is not installed.
    """
    image = model.manifest.image_input if read_image is not None else None
    batch = model.manifest.model.batch
    size = batch if image is not None else max(batch, _ARRAYS_AT_A_TIME)
    for part in chunks(len(next(iter(columns.values()))), size):
        rows = [
            {name: column[index] for name, column in columns.items()}
            for index in range(part.start, part.stop)
        ]
        samples = [_sample(model, row, image, read_image) for row in rows]
        good = iter(_answers(model, [s for s in samples if not isinstance(s, RowAnswer)], image))
        yield from (s if isinstance(s, RowAnswer) else next(good) for s in samples)


def _sample(
    model: Predictor, row: Mapping[str, Any], image: str | None, read_image: ReadImage | None
) -> Sample | RowAnswer:
    try:
        return {
            name: read_image(value)
            if read_image is not None and name == image
            else row_of(value, model.given[name])
            for name, value in row.items()
        }
    except InputError as error:
        return RowAnswer(problem=str(error))


def _answers(model: Predictor, samples: Sequence[Sample], image: str | None) -> list[RowAnswer]:
    """Return an answer for each sample; if they fail together, by the answer to each alone."""
    if not samples:
        return []
    try:
        return _together(model, samples, image)
    except BundleError:
        raise
    except UsageError as error:  # an input that is refused, or an answer that is none
        if len(samples) == 1:
            return [RowAnswer(problem=str(error))]
        return [answer for sample in samples for answer in _answers(model, [sample], image)]


def _together(model: Predictor, samples: Sequence[Sample], image: str | None) -> list[RowAnswer]:
    names = [name for name in samples[0] if name != image]
    arrays = {name: np.stack([sample[name] for sample in samples]) for name in names}
    if image is None:
        ordered = [arrays[name] for name in model.input_names]
        outputs = dict(zip(model.output_names, model.infer(*ordered), strict=True))
        results = model.results_of(list(outputs.values()))
    else:
        outputs, placements = model.run_beside([sample[image] for sample in samples], arrays)
        results = model.results_of([outputs[name] for name in model.output_names], placements)
    doubts = of_outputs([outputs], [len(samples)])
    parts = [_part(model, outputs, index) for index in range(len(samples))]
    asked = [of_inputs(sample[name] for name in names) for sample in samples]
    rows = zip(results, parts, asked, doubts, strict=True)
    return [RowAnswer(result, part, wrong or doubt) for result, part, wrong, doubt in rows]


def _part(model: Predictor, outputs: Mapping[str, Array], index: int) -> dict[str, Array]:
    """Return the outputs of one sample; those that are the same for all, whole."""
    tensors = model.manifest.own_outputs
    return {t.name: outputs[t.name][index] if t.batched else outputs[t.name] for t in tensors}
