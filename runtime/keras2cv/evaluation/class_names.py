"""The data's classes and the bundle's labels, matched by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from keras2cv.errors import InputError
from keras2cv.evaluation.labelled import class_number, numbered_classes

_MOST_SHOWN: Final = 20


@dataclass(frozen=True)
class ClassMatch:
    """Which class of the model each class of the data is.

    Attributes:
        numbers: Of each class of the data, the model's.
        labels: The model's classes, by number; as text where they have no names.
        note: How they were matched, if not by name; "" otherwise.
    """

    numbers: tuple[int, ...]
    labels: tuple[str, ...]
    note: str = ""


def match_classes(
    classes: Sequence[str],
    labels: Sequence[str] | None,
    count: int | None,
    *,
    are_numbers: bool = False,
    background: int | None = None,
) -> ClassMatch:
    """Match the classes of the data with those of the model.

    Args:
        classes: Names, in the order that Keras would number them.
        labels: The bundle's; None: it has none.
        count: How many classes the model has; None if that is not known.
        are_numbers: Whether `classes` may be the model's own numbers, as text.
        background: The class of the model that stands for nothing.

    Raises:
        InputError: a class is not among the labels, or they cannot be matched.
    """
    if labels is not None:
        found = _by_name(classes, labels)
        if found is not None:
            return ClassMatch(found, tuple(labels))
    total = count if count is not None else max(len(classes), _highest(classes) + 1)
    names = tuple(labels) if labels is not None else numbered_classes(total - 1, "The data")
    if are_numbers and _highest(classes) < total:
        return ClassMatch(tuple(map(int, classes)), names)
    if labels is not None or are_numbers:
        raise InputError(_mismatch(classes, names))
    places = [number for number in range(total) if number != background]
    if len(classes) not in (len(places), total) and count is not None:
        raise InputError(_mismatch(classes, names))
    numbers = tuple(places if len(classes) == len(places) else range(len(classes)))
    shown = [*names]
    for number, name in zip(numbers, classes, strict=True):
        shown[number] = name
    note = (
        "The bundle has no labels: its classes are taken to be those of the data in their own "
        f"order ({_some(classes)})."
    )
    return ClassMatch(numbers, tuple(shown), note)


def _by_name(classes: Sequence[str], labels: Sequence[str]) -> tuple[int, ...] | None:
    """Return the number of each class, by its exact name or else by its letters; None if not."""
    exact = {name: number for number, name in reversed(list(enumerate(labels)))}
    loose = {_plain(name): number for name, number in exact.items()}
    found = [exact.get(name, loose.get(_plain(name))) for name in classes]
    numbers = [number for number in found if number is not None]
    return tuple(numbers) if len(numbers) == len(classes) else None


def _plain(name: str) -> str:
    return name.strip().casefold().replace("_", " ").replace("-", " ")


def _highest(classes: Sequence[str]) -> int:
    numbers = [class_number(name) for name in classes if name.isdecimal()]
    return max(numbers, default=-1)


def _mismatch(classes: Sequence[str], labels: Sequence[str]) -> str:
    known = {_plain(name) for name in labels}
    strange = [name for name in classes if _plain(name) not in known] or list(classes)
    return (
        f"The classes do not match: the data has {_some(classes)}; the bundle has {_some(labels)}. "
        f"Not in the bundle: {_some(strange)}. Rename the data's classes, or export with --labels."
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_SHOWN])
    return f"{shown}, ... ({len(names)})" if len(names) > _MOST_SHOWN else shown or "none"
