"""Parse the texts of options: types for argparse, whose errors show a right value."""

from __future__ import annotations

import math
import re
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

from keras2cv import sample
from keras2cv.cli.suggestions import did_you_mean

_FARTHEST = 2**15  # pixels
# Those of keras2cv_export.parity.tolerance, which is not imported before it is needed.
_PRESETS = ("strict", "fp32", "fp16", "fp16-weights", "int8-weights")


def add_bundle_argument(parser: ArgumentParser) -> None:
    """Declare the bundle that a verb takes."""
    parser.add_argument(
        "bundle",
        metavar="BUNDLE",
        type=bundle,
        help="a folder made by export; `sample`: the one that ships with keras2cv",
    )


def bundle(text: str) -> Path:
    """Return the folder `text`; "sample" is the bundle that ships with keras2cv."""
    path = Path(text)
    return sample.BUNDLE if sample.is_meant(path) else path


def positive(text: str) -> int:
    """Return the whole number `text`, at least 1.

    Raises:
        ArgumentTypeError: it is something else.
    """
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return int(text)


def positive_or_auto(text: str) -> int | str:
    """Return "auto", or the whole number `text`, at least 1."""
    return text if text == "auto" else positive(text)


def size_wh(text: str) -> tuple[int, int]:
    """Return (width, height) in pixels of "640x480".

    Raises:
        ArgumentTypeError: it is something else.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,5})[xX]([1-9][0-9]{0,5})", text)
    if not found:
        raise ArgumentTypeError(f"must be WIDTHxHEIGHT in pixels, such as 224x224, got {text!r}")
    return int(found[1]), int(found[2])


def share(text: str) -> float:
    """Return the number `text`, from 0 to 1.

    Raises:
        ArgumentTypeError: it is something else.
    """
    value = _number(text)
    if not 0 <= value <= 1:
        raise ArgumentTypeError(f"must be a number from 0 to 1, such as 0.5, got {text!r}")
    return value


def above_zero(text: str) -> float:
    """Return the finite number `text`, above 0.

    Raises:
        ArgumentTypeError: it is something else.
    """
    value = _number(text)
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"must be a number above 0, such as 1.5, got {text!r}")
    return value


def whole(text: str) -> int:
    """Return the whole number `text`, at least 0.

    Raises:
        ArgumentTypeError: it is something else.
    """
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ArgumentTypeError(f"must be a whole number of at least 0, got {text!r}")
    return int(text)


def four(text: str) -> tuple[float, ...]:
    """Return the numbers of "0.1,0.1,0.2,0.2".

    Raises:
        ArgumentTypeError: it is something else.
    """
    numbers = tuple(_number(part) for part in text.split(","))
    if len(numbers) != 4 or not all(math.isfinite(number) for number in numbers):
        raise ArgumentTypeError(f"must be four numbers such as 0.1,0.1,0.2,0.2, got {text!r}")
    return numbers


def line(text: str) -> tuple[float, float, float, float]:
    """Return the two points of "0,300,640,300".

    Raises:
        ArgumentTypeError: it is something else, or both points are one.
    """
    numbers = tuple(_number(part) for part in text.split(","))
    if len(numbers) != 4 or not all(abs(number) < _FARTHEST for number in numbers):
        raise ArgumentTypeError(
            f"must be X1,Y1,X2,Y2 in pixels, such as 0,300,640,300, got {text!r}"
        )
    x1, y1, x2, y2 = numbers
    if (x1, y1) == (x2, y2):
        raise ArgumentTypeError(f"must be two points, got {text!r}, the same twice")
    return x1, y1, x2, y2


def value_range(text: str) -> tuple[float, float]:
    """Return (low, high) of "-1,1".

    Raises:
        ArgumentTypeError: it is something else.
    """
    numbers = tuple(_number(part) for part in text.split(","))
    if len(numbers) != 2 or not -math.inf < numbers[0] < numbers[1] < math.inf:
        raise ArgumentTypeError(f"must be LOW,HIGH such as 0,1 or -1,1, got {text!r}")
    return numbers[0], numbers[1]


def pairs(text: str) -> tuple[tuple[int, int], ...]:
    """Return the pairs of "0-1,1-2".

    Raises:
        ArgumentTypeError: it is something else.
    """
    if not re.fullmatch(r"[0-9]{1,9}-[0-9]{1,9}(,[0-9]{1,9}-[0-9]{1,9})*", text):
        raise ArgumentTypeError(f"must be pairs of numbers such as 0-1,1-2, got {text!r}")
    found = (part.split("-") for part in text.split(","))
    return tuple((int(first), int(second)) for first, second in found)


def metric_bound(text: str) -> tuple[str, float]:
    """Return (name, value) of "accuracy=0.95".

    Raises:
        ArgumentTypeError: it is something else.
    """
    name, _, value = text.partition("=")
    if not name or not math.isfinite(_number(value)):
        raise ArgumentTypeError(f"must be METRIC=VALUE, such as accuracy=0.95, got {text!r}")
    return name, float(value)


def version(text: str) -> str:
    """Return `text`, a version such as "4.6" or "5.0.0".

    Raises:
        ArgumentTypeError: it is something else.
    """
    if not re.fullmatch(r"[0-9]+(\.[0-9]+){1,3}", text):
        raise ArgumentTypeError(f"must be a version such as 4.6 or 5.0.0, got {text!r}")
    return text


def input_shape(text: str) -> tuple[str, tuple[int, ...]]:
    """Return (name, sizes) of "image:1,224,224,3"; the name is "" in "1,224,224,3".

    Raises:
        ArgumentTypeError: it is something else.
    """
    name, _, sizes = text.rpartition(":")
    if not re.fullmatch(r"[0-9]+(,[0-9]+)*", sizes) or "0" in sizes.split(","):
        raise ArgumentTypeError(
            f"must be NAME:1,224,224,3 or 1,224,224,3, the batch first, every size known, "
            f"got {text!r}"
        )
    return name, tuple(int(size) for size in sizes.split(","))


def tolerance(text: str) -> str:
    """Return `text`: a preset, or OUTPUT:VALUE with a VALUE from 0 to 1.

    Raises:
        ArgumentTypeError: it is something else.
    """
    if text in _PRESETS:
        return text
    name, _, value = text.rpartition(":")
    if not name or not 0 <= _number(value) <= 1:
        raise ArgumentTypeError(
            f"must be {', '.join(_PRESETS)} or OUTPUT:VALUE, such as logits:1e-3, got {text!r}."
            f"{did_you_mean(text, _PRESETS)}"
        )
    return text


def number(text: str) -> float:
    """Return the number `text`.

    Raises:
        ArgumentTypeError: it is something else.
    """
    value = _number(text)
    if not math.isfinite(value):
        raise ArgumentTypeError(f"must be a number, got {text!r}")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
