"""The record of a detector with a head, from its description and its layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.detect.head import Axes, Head, HeadOutput, Part
from keras2cv.tasks.detect.record import DetectRecord, Nms

from .head_anchors import Sizes
from .head_description import HeadDescription, box_units_of, needed
from .head_grid_levels import GridLevel, belonging_numbers, shared_sizes
from .head_grids import Grid, grids_of_strides, read_grids
from .head_layout import PlacedOutput
from .head_levels import head_levels
from .head_prior_sizes import has_prior_sizes
from .head_priors import PriorGrids, order_of_rows, priors_of

_FORM_FIELDS = {
    "anchors": ("xy_activation", "size_activation", "size_form"),
    "points": ("distance_activation",),
    "offsets": ("offset_form",),
    "peaks": ("window", "size_units"),
    "boxes": (),
}


def record_of(
    description: HeadDescription,
    levels: Sequence[GridLevel],
    placed: Sequence[PlacedOutput],
    score: float,
) -> DetectRecord:
    """Return the record of a detector with a head.

    Args:
        description: What is said of the head.
        levels: Its grids.
        placed: Its outputs on these grids.
        score: The threshold.

    Raises:
        UsageError: The description contradicts the outputs, or leaves something open.
    """
    said, form = description.said, description.form
    parts = {part for each in placed for part in each.parts}
    needs_priors = form == "offsets" and "anchors" not in parts
    if not needs_priors and has_prior_sizes(description.head):
        raise UsageError(
            "The head has sizes of prior boxes, and its outputs hold the prior boxes themselves. "
            "Leave the sizes out."
        )
    places = _prior_grids(description, levels) if needs_priors else None
    priors = priors_of(said, places, description.head.family) if places else None
    nms = said.get("nms")
    try:
        head = _head(description, levels, placed)
        return DetectRecord(
            box_format=_box_format(description),
            box_units=box_units_of(description),
            activation=_activation(description, placed, "scores", "activation"),
            score=score,
            objectness_activation=None if "objectness" not in parts else _activation(
                description, placed, "objectness", "objectness_activation"
            ),
            anchors=priors,
            background=said.get("background"),
            nms=None if nms is None else Nms(nms, description.options.nms_across_classes),
            max_detections=said.get("max_detections"),
            head=head,
            **description.belongings.records(head, box_units_of(description)),
            multi_label=True if said.get("multi_label") else None,
        )  # fmt: skip
    except SchemaError as error:
        raise UsageError(
            f"The head {description.head.family} does not hold together: {error}. Correct it."
        ) from error


def _prior_grids(description: HeadDescription, levels: Sequence[GridLevel]) -> PriorGrids:
    """Return where prior boxes are, of the grids of the outputs or of those that are stated."""
    grids, sizes = [(level.grid, level.boxes) for level in levels], None
    if description.sizes and any(level.grid.stride_wh is None for level in levels):
        grids, sizes = _stated_grids(description, [level.grid.cells for level in levels])
    elif description.sizes:
        sizes = shared_sizes(description, [level.grid for level in levels])
    stated = description.head.anchor_centres
    is_even = has_prior_sizes(description.head) and description.strides is None
    return PriorGrids(
        grids,
        sizes,
        box_units_of(description),
        description.size_wh,
        bool({"raw", "boxes"} & description.stated.keys()),
        description.said.get("xy_offset", 0.5),
        is_even if stated is None else stated == "even",
        bool(description.head.anchor_clip),
    )


def _stated_grids(
    description: HeadDescription, rows: Sequence[int]
) -> tuple[list[tuple[Grid, int]], list[Sizes]]:
    """Return the grids of tables, and the sizes in each, in the order of the tables' rows."""
    head = description.head
    if description.size_wh is None:
        raise UsageError("Prior boxes need the input's size, and it is no image. Give a table.")
    strides = description.strides
    if strides is None and head.family != "ssd":
        strides = tuple((stride, stride) for stride in description.family.strides)
    if head.grids is not None:
        grids = read_grids(head.grids, description.size_wh)
    elif strides is not None:
        grids = grids_of_strides(strides, description.size_wh)
    else:
        raise UsageError(
            f"The outputs have no rows and columns, but {' + '.join(map(str, rows))} rows. Give "
            'the "strides" or the "grids" of the prior boxes in the head\'s FILE.json, or a table '
            "(M, 4) by --anchors."
        )
    sizes = description.sizes * len(grids) if len(description.sizes) == 1 else description.sizes
    if len(sizes) != len(grids):
        raise UsageError(
            f"There are prior boxes for {len(sizes)} grids, and {len(grids)} grids: "
            f"{', '.join(map(str, grids))}. Give a list for each grid."
        )
    counts = [grid.cells * len(each) for grid, each in zip(grids, sizes, strict=True)]
    if sum(counts) != sum(rows):
        shown = " + ".join(f"{g} x {len(s)}" for g, s in zip(grids, sizes, strict=True))
        raise UsageError(
            f"There are {sum(counts)} prior boxes ({shown}: rows x columns x boxes), and the "
            f"outputs have {sum(rows)}. Correct the sizes, the aspect ratios, the strides or the "
            "grids."
        )
    order = order_of_rows(rows, counts)
    return [(grids[k], len(sizes[k])) for k in order], [sizes[k] for k in order]


def _box_format(description: HeadDescription) -> Any:
    if description.form == "boxes":
        return needed(description, "box_format", "yxyx, xyxy, xywh or cxcywh")
    return "xyxy" if description.form == "points" else "cxcywh"


def _activation(
    description: HeadDescription, placed: Sequence[PlacedOutput], part: Part, key: str
) -> Any:
    """Return the activation that a part still needs: stated, none if the graph has it, or usual."""
    if key in description.stated:
        return description.stated[key]
    ends = {p.output.activation for p in placed if p.parts == (part,)}
    if ends and ends <= {"sigmoid", "softmax"}:
        return "none"
    return description.said[key] if key in description.said else needed(
        description, key, "none, sigmoid or softmax"
    )  # fmt: skip


def _head(
    description: HeadDescription, levels: Sequence[GridLevel], placed: Sequence[PlacedOutput]
) -> Head:
    said, form = description.said, description.form
    has_anchors = any("anchors" in p.parts for p in placed)
    settings = {name: said[name] for name in _FORM_FIELDS[form]}
    return Head(
        form=form,
        outputs=tuple(
            HeadOutput(p.output.name, p.parts, cast("Axes", p.axes), p.level) for p in placed
        ),
        levels=head_levels(description, levels, {part for p in placed for part in p.parts}),
        pair_order="y first" if _y_first(said) else "x first",
        bins=description.bins if form == "points" else None,
        anchor_format=_anchor_format(said) if has_anchors else None,
        point_numbers=_numbers_of("points", description, levels, placed),
        mask_numbers=_numbers_of("coefficients", description, levels, placed),
        **settings,
    )


def _numbers_of(
    part: Part,
    description: HeadDescription,
    levels: Sequence[GridLevel],
    placed: Sequence[PlacedOutput],
) -> int | None:
    """Return how many numbers of keypoints or coefficients a box has; None if it has none."""
    for one in placed:
        if part not in one.parts:
            continue
        some = levels if one.level is None else [levels[one.level]]
        count = sum(level.grid.cells * level.boxes for level in some)
        if one.parts == (part,):
            return one.output.size // count
        return belonging_numbers(description, one.parts, one.output.size // count)[part]
    return None


def _y_first(said: Mapping[str, Any]) -> bool:
    return said.get("box_order") in ("yxhw", "tlbr")


def _anchor_format(said: Mapping[str, Any]) -> Any:
    given = said["anchor_format"]
    if given == "yxyx":
        raise UsageError(
            "Anchors in an output are cxcywh or xyxy, or in the order that box_order says. "
            'Give "anchor_format": "xyxy", and "box_order": "yxhw".'
        )
    return given
