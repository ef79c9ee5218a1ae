"""The part of a head that each output holds: stated, or the only one that its channels allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from keras2cv.errors import UsageError
from keras2cv.tasks.detect.head import HeadForm, Part
from keras2cv_export.tasks.outputs import Output, listed, named

_PARTS: Final[Mapping[str, Part]] = {
    "box": "box",
    "size": "box",
    "objectness": "objectness",
    "scores": "scores",
    "offset": "offset",
    "anchors": "anchors",
    "variances": "variances",
    "points": "points",
    "coefficients": "coefficients",
}
# The option that names the outputs of a part.
_OPTIONS: Final[Mapping[str, Part]] = {
    "boxes": "box",
    "scores": "scores",
    "objectness": "objectness",
    "offset": "offset",
}
# The same of what belongs to a box, which is never guessed.
_BELONGING_OPTIONS: Final[Mapping[str, Part]] = {
    "points": "points",
    "mask_coefficients": "coefficients",
}
_NAMES: Final[Mapping[Part, str]] = {
    "box": r"box|loc|regr?\b|regress|dist|delta|coord",
    "scores": r"score|conf|prob|logit|cls|class|heat|hm|label",
    "objectness": r"obj|cent(er|re)|ctr|iou",
    "offset": r"off|reg",
}
_SIZE_NAMES: Final = r"wh|size|dim|box|scale"


@dataclass(frozen=True)
class Source:
    """Outputs that hold the same parts, one for each grid, or one for all."""

    parts: tuple[Part, ...]
    outputs: tuple[Output, ...]


def parts_of(columns: Any) -> tuple[Part, ...]:
    """Return the parts of "box+objectness+scores", in its order.

    Raises:
        UsageError: There is no such part.
    """
    words = str(columns).split("+")
    if unknown := [word for word in words if word not in _PARTS]:
        raise UsageError(
            f"A head's columns have no {unknown[0]!r}. Join {', '.join(_PARTS)} by +, in the order "
            "of the channels."
        )
    return tuple(_PARTS[word] for word in words)


def stated_sources(said: Mapping[str, Any], outputs: Sequence[Output]) -> list[Source]:
    """Return the outputs that the user named; nothing if none is named.

    Raises:
        UsageError: There is no such output, or boxes are named without scores.
    """
    if "raw" in said:
        if "columns" not in said:
            raise UsageError(
                'The output of a head holds several parts. Give their order, such as "columns": '
                '"box+objectness+scores".'
            )
        return [Source(parts_of(said["columns"]), _named(said["raw"], outputs, "raw"))]
    found = [
        Source((part,), _named(said[option], outputs, option))
        for option, part in _OPTIONS.items()
        if option in said
    ]
    if found and not {"boxes", "scores"} <= said.keys():
        raise UsageError(
            f"A head needs both boxes and scores, and has {listed(outputs)}. Name the outputs of "
            "each, or of raw."
        )
    return found


def belonging_sources(said: Mapping[str, Any], outputs: Sequence[Output]) -> list[Source]:
    """Return the outputs with keypoints or coefficients of masks, which the user named.

    Raises:
        UsageError: There is no such output.
    """
    return [
        Source((part,), _named(said[option], outputs, option.replace("_", " ")))
        for option, part in _BELONGING_OPTIONS.items()
        if option in said
    ]


def _named(given: Any, outputs: Sequence[Output], role: str) -> tuple[Output, ...]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list | tuple) or not names:
        raise UsageError(f"The head's {role} must be names of outputs, got {given!r}. Correct it.")
    return tuple(named(outputs, str(name), role) for name in names)


def roles_in(
    group: Sequence[Output], channels: Sequence[int], form: HeadForm, box_width: int | None
) -> dict[Part, Output]:
    """Return the part that each output of one grid holds.

    Args:
        group: The outputs of the grid, two or more.
        channels: How many numbers a cell has in each.
        form: The head's.
        box_width: How many of them a cell's boxes take; None for any number of fours.

    Raises:
        UsageError: Several fit one part, by their channels and by their names.
    """
    search = _Search(dict(zip(group, channels, strict=True)))
    if form == "peaks":
        pairs = [o for o in group if search.left[o] == 2]
        offset = _by_name(pairs, _NAMES["offset"]) if len(group) > 2 else None
        sizes = [o for o in pairs if o is not offset]
        search.take("box", sizes, _SIZE_NAMES)
        if len(group) > 2:
            search.take("offset", [o for o in pairs if o in search.left], _NAMES["offset"])
    else:
        fits = [
            o for o, width in search.left.items()
            if width == box_width or (box_width is None and width % 4 == 0)
        ]  # fmt: skip
        if not fits:
            raise UsageError(_no_boxes(search.left, box_width))
        search.take("box", fits, _NAMES["box"])
    if len(search.left) > 1:
        few = [o for o, width in search.left.items() if width == min(search.left.values())]
        search.take("objectness", few, _NAMES["objectness"])
    search.take("scores", list(search.left), _NAMES["scores"])
    if search.left:
        raise UsageError(_unclear(list(search.left), "scores"))
    return search.found


class _Search:
    """The outputs whose part is not known yet, with their channels, and those that are found."""

    def __init__(self, left: dict[Output, int]) -> None:
        self.left = left
        self.group = list(left)
        self.found: dict[Part, Output] = {}

    def take(self, part: Part, fitting: Sequence[Output], pattern: str) -> None:
        """Take the only output that fits, or the only one with a name like `pattern`."""
        picked = fitting[0] if len(fitting) == 1 else _by_name(fitting, pattern)
        if picked is None:
            raise UsageError(_unclear(self.group, part))
        self.found[part] = picked
        del self.left[picked]


def _by_name(outputs: Sequence[Output], pattern: str) -> Output | None:
    called = [o for o in outputs if o.is_called(pattern)]
    return called[0] if len(called) == 1 else None


def _unclear(group: Sequence[Output], part: str) -> str:
    return (
        f"The outputs do not show which of them holds the {part} of the head: {listed(group)}. "
        'Give their names as "boxes" and "scores" (and "objectness" or "offset") in the head\'s '
        'FILE.json, or as "raw".'
    )


def _no_boxes(channels: Mapping[Output, int], box_width: int | None) -> str:
    wanted = "a multiple of 4" if box_width is None else f"{box_width}"
    shown = ", ".join(f"{output.name} has {count}" for output, count in channels.items())
    return (
        f"The boxes of a cell take {wanted} numbers (anchors x 4, or 4 x reg_max), and {shown}. "
        "Correct the head's anchors or its reg_max."
    )
