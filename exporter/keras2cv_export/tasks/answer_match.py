"""Compare an answer in plain forms with a bundle's result, as its users would.

Every task has `match_answer(given, result, limits)` in its `answer.py`. `given` is what the user's
own pipeline answers: strings, numbers, lists, arrays and mappings. docs/parity.md lists the forms.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from keras2cv.evaluation.data.masks import stored_pixels
from keras2cv.plain_files import require_plain
from keras2cv.tasks.result import Result
from keras2cv.tasks.task import Task
from keras2cv_export.parity.near_ties import is_near_tie

Array = np.ndarray[Any, Any]

_EXACT_EDGE: Final = 0.25  # pixels: float32 through two resizes back
_WHOLE_EDGE: Final = 1.0  # pixels: a pipeline that rounds or cuts off decimals
_MOST: Final = 500  # characters of a clause, which may show a value of the user's


class AnswerFormError(ValueError):
    """An answer that cannot be read, as the end of a sentence."""


@dataclass(frozen=True, eq=False)
class AnswerLimits:
    """How far two answers may be apart and still be the same.

    Attributes:
        score: Of probabilities and scores, and of numbers relative to the largest.
        unsure: How far each score behind a decision may be off; see `is_tie`.
        iou: The least intersection over union of two boxes, unless their edges are within a pixel.
        pixels: The share of a mask's pixels that may have another class.
        task: The bundle's task, whose thresholds make near-ties.
        scale: The largest magnitude of each number over all samples; None if it is not known.
    """

    score: float = 0.01
    unsure: float = 0.005
    iou: float = 0.98
    pixels: float = 0.01
    task: Task | None = None
    scale: Array | None = None

    def is_tie(self, gap: Any, scale: float = 1.0) -> Any:
        """Whether scores that are `gap` apart, in units of `scale`, are a near-tie."""
        return is_near_tie(gap, self.unsure * scale)


@dataclass(frozen=True)
class AnswerMatch:
    """Whether two answers are the same.

    Attributes:
        difference: What differs, as a clause; "" if they are the same.
        near_tie: Whether rounding explains the difference.
    """

    difference: str = ""
    near_tie: bool = False

    @property
    def changed(self) -> bool:
        """Whether the answers differ by more than rounding."""
        return bool(self.difference) and not self.near_tie


SAME: Final = AnswerMatch()


def match(kind: str, given: Any, result: Result, limits: AnswerLimits) -> AnswerMatch:
    """Compare an answer with the bundle's result of a task.

    Args:
        kind: The task.
        given: The reference's answer, in plain forms.
        result: The bundle's.
        limits: How near they must be.

    Raises:
        AnswerFormError: `given` cannot be read.
    """
    module = importlib.import_module(f"keras2cv_export.tasks.{kind}.answer")
    try:
        found: AnswerMatch = module.match_answer(given, result, limits)
    except AnswerFormError as error:
        raise AnswerFormError(_cut(str(error))) from error
    return replace(found, difference=_cut(found.difference))


def fields_of(given: Mapping[Any, Any], kind: str, *known: str) -> dict[str, Any]:
    """Return the keys of an answer; each must be one of `known`, or the task's name.

    Raises:
        AnswerFormError: There is another key.
    """
    if given.get("task", kind) != kind:
        raise AnswerFormError(f"is of the task {given['task']!r}, and the bundle's is {kind}")
    found = {str(key): value for key, value in given.items() if key != "task"}
    if unknown := sorted(set(found) - set(known)):
        raise AnswerFormError(f"has the key {unknown[0]!r}; known are {', '.join(known)}")
    if not found:
        raise AnswerFormError(f"has no key; known are {', '.join(known)}")
    return found


def as_numbers(given: Any, what: str) -> Array:
    """Return finite numbers as float64.

    Raises:
        AnswerFormError: They are something else.
    """
    values = _as_floats(given, what)
    if not np.isfinite(values).all():
        raise AnswerFormError(f"has NaN or infinity in {what}")
    return values


def as_numbers_like(given: Any, ours: Array, what: str) -> Array:
    """Return numbers as float64, which may be infinite, and NaN where `ours` are.

    Raises:
        AnswerFormError: They are something else, or have another size.
    """
    values = _as_floats(given, what)
    if values.size != ours.size:
        raise AnswerFormError(f"has {values.size} {what}, and the bundle gives {ours.size}")
    if (np.isnan(values.ravel()) & ~np.isnan(ours.ravel())).any():
        raise AnswerFormError(f"has NaN in {what}")
    return values


def _as_floats(given: Any, what: str) -> Array:
    try:
        if np.iscomplexobj(given):  # NumPy would drop the imaginary part, with a warning
            raise TypeError
        return np.asarray(given, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise AnswerFormError(f"has {_short(given)} for {what}, and needs numbers") from error


def as_score(given: Any, what: str = "score") -> float:
    """Return one number.

    Raises:
        AnswerFormError: It is something else.
    """
    values = as_numbers(given, f"a {what}")
    if values.size != 1:
        raise AnswerFormError(f"has {values.size} numbers as its {what}, and needs one")
    return float(values.reshape(()))


def as_pixels(given: Any, what: str) -> Array:
    """Return an array (h, w) or (h, w, C), which may be in a file: .npy, or an image, as RGB.

    Raises:
        AnswerFormError: It is something else, or the file cannot be read.
    """
    return _pixels(given, what, lambda data: cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


def as_mask(given: Any) -> Array:
    """Return the classes of pixels, as `as_pixels` does; of a palette's file, its indices.

    Raises:
        AnswerFormError: It is something else, or the file cannot be read.
    """
    return _pixels(given, "a mask", lambda data: stored_pixels(data.tobytes()))


def _pixels(given: Any, what: str, decode: Callable[[Array], Any]) -> Array:
    if isinstance(given, str | Path):
        return _read_pixels(Path(given), what, decode)
    return as_numbers(given, what)


def _read_pixels(path: Path, what: str, decode: Callable[[Array], Any]) -> Array:
    try:
        require_plain(path)
        if path.suffix.lower() == ".npy":
            return as_numbers(np.load(path, allow_pickle=False), what)
        image = decode(np.fromfile(path, np.uint8))
    except (OSError, ValueError, cv2.error) as error:
        raise AnswerFormError(f"names the file {path}, which cannot be read: {error}") from error
    if image is None:
        raise AnswerFormError(f"names the file {path}, which is no image and no .npy file")
    return np.asarray(image[..., 2::-1] if image.ndim == 3 else image, np.float64)


def same_label(given: Any, label: str, number: int, *, has_labels: bool) -> bool:
    """Whether a class that is given by its name or its number is the bundle's.

    Args:
        given: The name or the number.
        label: The bundle's label, or its number as text.
        number: The bundle's number.
        has_labels: Whether the bundle has labels.

    Raises:
        AnswerFormError: It is a name, and the bundle has none.
    """
    if isinstance(given, str):
        if not has_labels and not given.isdecimal():
            raise AnswerFormError(f"names the class {given!r}, and the bundle has no labels")
        return given == label
    return as_class(given) == number


def as_class(given: Any) -> int:
    """Return the number of a class.

    Raises:
        AnswerFormError: It is something else.
    """
    if isinstance(given, bool | np.bool_) or not as_score(given, "class").is_integer():
        raise AnswerFormError(f"has the class {_short(given)}, which is no name and no number")
    return int(as_score(given, "class"))


def edge_limit(coordinates: Array) -> float:
    """Return how many pixels an edge or a point may be off: more for a pipeline that rounds."""
    whole = bool(np.array_equal(coordinates, np.rint(coordinates)))
    return _WHOLE_EDGE if whole and coordinates.size else _EXACT_EDGE


def unreadable(given: Any, forms: str) -> AnswerFormError:
    """Return the error for an answer of an unknown form."""
    return AnswerFormError(f"is {_short(given)}, of type {type(given).__name__}; it may be {forms}")


def _short(given: Any) -> str:
    try:
        text = " ".join(repr(given).split())
    except Exception:  # the user's own class
        text = "something"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _cut(text: str) -> str:
    """Leave the middle of a long text out."""
    half = _MOST // 2
    return text if len(text) <= _MOST else f"{text[:half]} ... {text[-half:]}"
