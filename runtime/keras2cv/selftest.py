"""Run a bundle's golden vectors here: does this OpenCV compute TensorFlow's outputs?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from keras2cv.bundle.golden_vectors import (
    GoldenFront,
    GoldenImage,
    GoldenPicture,
    GoldenVectors,
    read_golden_vectors,
)
from keras2cv.bundle.manifest import Manifest
from keras2cv.bundle.reading import SELFTEST
from keras2cv.errors import NetError
from keras2cv.net.overflow import overflows_alike
from keras2cv.pixels.preprocess import Preprocessor
from keras2cv.pixels.preprocessing import Preprocessing

if TYPE_CHECKING:
    from keras2cv.predictor import Predictor

Array = NDArray[Any]

BLOB_LIMIT: Final = 1e-6  # of the largest value: room for float32 sums in another order, no more
# The allowed difference in half precision, of the largest value: the exporter's tolerance "fp16",
# allows for some ten roundings of 2**-11 in the same direction.
HALF_LIMIT: Final = 2e-2
TINY: Final = 1e-30  # an expected output below this is all zeros


@dataclass(frozen=True, slots=True)
class SelfTestRow:
    """One comparison: `measured` is max|got - expected| / max|expected|, NaN if there is none."""

    case: str  # "sample 0", "image"
    output: str  # Keras' name, or "blob"
    measured: float
    limit: float
    problem: str | None = None  # why there is no number: another shape, NaN

    @property
    def passed(self) -> bool:
        """Whether it is near enough."""
        return self.problem is None and self.measured <= self.limit

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, without NaN and missing values."""
        fields = {key: value for key, value in asdict(self).items() if value is not None}
        if math.isnan(self.measured):
            del fields["measured"]
        return {**fields, "passed": self.passed}


@dataclass(frozen=True, slots=True)
class SelfTestReport:
    """Every comparison, other problems (a sentence each), and the OpenCV that ran them."""

    rows: tuple[SelfTestRow, ...]
    problems: tuple[str, ...]
    opencv: str
    engine: str
    device: str

    @property
    def verdict(self) -> Literal["pass", "fail"]:
        """Pass if there are comparisons, each is near enough, and there are no other problems."""
        near = bool(self.rows) and all(row.passed for row in self.rows)
        return "pass" if near and not self.problems else "fail"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {**asdict(self), "rows": [r.to_dict() for r in self.rows], "verdict": self.verdict}


def run_selftest(model: Predictor) -> SelfTestReport:
    """Compare `model`, as it is loaded, with its bundle's golden vectors.

    Raises:
        BundleError: there are no golden vectors, or they are not this model's.
        InputError: their inputs are not the model's.
        NetError: OpenCV fails.
    """
    vectors = read_golden_vectors(model.folder / SELFTEST, model.manifest)
    answers = [model.infer_net(*sample.inputs) for sample in vectors.samples]
    rows = list(_sample_rows(model, vectors, answers))
    if vectors.front is not None:
        rows += _front_rows(model, vectors.front)
    if vectors.image is not None:
        rows += _image_rows(model, vectors, vectors.image)
    if vectors.pictures:
        rows += picture_rows(model.manifest, vectors.pictures)
    problems = [
        *_repeat_problems(model, vectors.samples[0].inputs, answers[0]),
        *_stuck_problems(model, vectors, answers),
        *_unseen_problems(model, vectors, answers),
    ]
    engine, device = model.engine, model.device
    return SelfTestReport(tuple(rows), tuple(problems), cv2.__version__, engine, device)


def check_device(model: Predictor) -> None:
    """Raise unless `model` passes its self-test on the device that it runs on.

    OpenCV's GPU code computes some layers wrongly, without an error. Half precision has a
    tolerance of its own; there, values beyond 65504 become infinite, and then NaN.

    An unverified bundle may have no golden vectors to check with; its user has been warned. In
    half precision it is refused all the same.

    Raises:
        BundleError: the golden vectors are missing or damaged.
        NetError: it does not pass.
    """
    half = model.device == "cuda-fp16"
    path = model.folder / SELFTEST
    if model.manifest.status == "unverified" and not half and not path.exists():
        return
    report = run_selftest(model)
    wrong = [row for row in report.rows if not row.passed]
    failures = [
        f"{row.output} of {row.case}: "
        + (row.problem or f"off by {row.measured:.1e} of the largest value, {row.limit:g} allowed")
        for row in wrong
    ]
    if failures or report.problems:
        what = "Half precision does not do for" if half else f"OpenCV on {model.device} is wrong on"
        instead = "cuda or cpu" if half else "cpu"
        raise NetError(
            f"{what} {model.folder} ({[*failures, *report.problems][0]}). Use device {instead}."
        )


def compare(case: str, output: str, got: Array, expected: Array, limit: float) -> SelfTestRow:
    """Return how far `got` is from `expected`, in units of the largest expected magnitude.

    Elements that are NaN on both sides, or that overflow on both, are left out.

    Args:
        case: The sample's name in the report.
        output: The output's name in the report.
        got: This machine's values.
        expected: TensorFlow's values.
        limit: The allowed distance, in the same units.
    """
    if got.shape != expected.shape:
        problem = f"shape {got.shape}, expected {expected.shape}"
        return SelfTestRow(case, output, math.nan, limit, problem)
    usable = ~overflows_alike(expected, got)
    got, expected = got[usable].astype(np.float64), expected[usable].astype(np.float64)
    for name, array in (("expected", expected), ("got", got)):
        if not np.isfinite(array).all():
            return SelfTestRow(case, output, math.nan, limit, f"NaN or infinity {name}")
    scale = max(float(np.abs(expected).max(initial=0.0)), TINY)
    error = float(np.abs(got - expected).max(initial=0.0)) / scale
    return SelfTestRow(case, output, error, limit)


def _sample_rows(
    model: Predictor, vectors: GoldenVectors, answers: Sequence[Sequence[Array]]
) -> Iterator[SelfTestRow]:
    for i, (sample, answer) in enumerate(zip(vectors.samples, answers, strict=True)):
        yield from _rows(f"sample {i}", model, answer, sample.outputs, _limits(model, vectors))


def _front_rows(model: Predictor, front: GoldenFront) -> Iterator[SelfTestRow]:
    """Compare the net's inputs that steps make of text and numbers: they are equal, or wrong."""
    arrays = model.front_arrays(*front.inputs)
    for name, expected in front.made.items():
        yield compare("before the net", name, arrays[name], expected, 0.0)


def _image_rows(
    model: Predictor, vectors: GoldenVectors, image: GoldenImage
) -> Iterator[SelfTestRow]:
    """Compare the blob made of the encoded image, and the outputs for that blob."""
    rules = model.manifest.preprocessing
    blob, answer = model.run_image(image.decode(8 if rules is None else rules.bits))
    yield compare("image", "blob", blob, image.blob, _blob_limit(rules, image.blob))
    yield from _rows("image", model, answer, image.outputs, _limits(model, vectors))


def picture_rows(manifest: Manifest, pictures: Sequence[GoldenPicture]) -> Iterator[SelfTestRow]:
    """Compare the blobs that the preprocessing of each picture makes of its pixels.

    Raises:
        InputError: They are no image that it takes.
    """
    for rules, picture in zip(manifest.pictures_by_place, pictures, strict=True):
        blob = Preprocessor(rules)([picture.pixels])
        limit = _blob_limit(rules, picture.blob)
        yield compare("image", f"blob of {rules.input}", blob, picture.blob, limit)


def _blob_limit(rules: Preprocessing | None, blob: Array) -> float:
    """Return how far another machine's blob may be off, in units of its largest value.

    Where cv2 itself resizes 16 bits it is one level of 65535, by which its builds round differently
    (`pixels/resize/opencv.py`): 2.0e-5 was measured on the wheel of 5.0 for 64-bit ARM.
    """
    if rules is None or rules.depth is None or rules.interpolation.startswith("tf-"):
        return BLOB_LIMIT
    level = abs(rules.scale) / min(abs(std) for std in rules.std)
    return max(BLOB_LIMIT, 1.01 * level / max(float(np.abs(blob).max()), TINY))


def _limits(model: Predictor, vectors: GoldenVectors) -> list[float]:
    """Return a limit per output: the bundle's, or half precision's where that is larger."""
    least = HALF_LIMIT if model.device == "cuda-fp16" else 0.0
    return [max(limit, least) for limit in vectors.tolerances]


def _rows(
    case: str,
    model: Predictor,
    got: Sequence[Array],
    expected: Sequence[Array],
    limits: Sequence[float],
) -> Iterator[SelfTestRow]:
    names = [tensor.name for tensor in model.manifest.outputs]
    for row in zip(names, got, expected, limits, strict=True):
        yield compare(case, *row)


def _repeat_problems(
    model: Predictor, inputs: Sequence[Array], first: Sequence[Array]
) -> Iterator[str]:
    """Yield the outputs that change when a sample is run again, after others."""
    again = model.infer_net(*inputs)
    names = [tensor.name for tensor in model.manifest.outputs]
    for name, one, other in zip(names, first, again, strict=True):
        if one.tobytes() != other.tobytes():
            yield f"Output {name} differs when the same sample is run again."


def _stuck_problems(
    model: Predictor, vectors: GoldenVectors, answers: Sequence[Sequence[Array]]
) -> Iterator[str]:
    """Yield the outputs that are the same for all inputs, unless the model itself gives that."""
    if len(answers) < 2:
        return
    distinct = {tuple(a.tobytes() for a in sample.inputs) for sample in vectors.samples}
    for k, tensor in enumerate(model.manifest.outputs):
        if not tensor.batched or not tensor.dtype.startswith("float"):
            continue  # class numbers and masks may well be the same
        right = [sample.outputs[k] for sample in vectors.samples]
        if len(distinct) > 1 and _all_equal(right):
            continue
        if _all_equal([answer[k] for answer in answers]):
            yield f"Output {tensor.name} is the same for {len(answers)} different samples."


def _all_equal(arrays: Sequence[Array]) -> bool:
    return all(np.array_equal(array, arrays[0]) for array in arrays[1:])


def _unseen_problems(
    model: Predictor, vectors: GoldenVectors, answers: Sequence[Sequence[Array]]
) -> Iterator[str]:
    """Yield the outputs of which no sample has a number to compare."""
    for k, tensor in enumerate(model.manifest.outputs):
        pairs = [
            (one.outputs[k], answer[k])
            for one, answer in zip(vectors.samples, answers, strict=True)
        ]
        if all(a.shape == b.shape and overflows_alike(a, b).all() for a, b in pairs):
            yield f"Output {tensor.name} is NaN or infinite in every sample: nothing is compared."
