"""A detector with undecoded outputs: from the user's description of its head to the record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import prod
from typing import Any, cast

from keras2cv.errors import UsageError
from keras2cv.schema.fields import SchemaError
from keras2cv.tasks.detect.head import Axes, Head, HeadLevel, HeadOutput, Part
from keras2cv.tasks.detect.record import DetectRecord, Nms
from keras2cv_export.tasks.labels import read_labels
from keras2cv_export.tasks.outputs import Output, listed

from .head_anchors import Order, Sizes, read_sizes, share_out
from .head_belongings import HeadBelongings
from .head_families import FAMILIES, Family
from .head_grids import Grid, Pair, grids_of_strides, read_grids, read_strides, spatial_grid
from .head_options import HeadOptions
from .head_prior_sizes import has_prior_sizes, prior_sizes
from .head_priors import PriorGrids, is_sizes, order_of_rows, priors_of
from .head_roles import Source, belonging_sources, parts_of, roles_in, stated_sources
from .options import DetectOptions

_FORM_FIELDS = {
    "anchors": ("xy_activation", "size_activation", "size_form"),
    "points": ("distance_activation",),
    "offsets": ("offset_form",),
    "peaks": ("window", "size_units"),
    "boxes": (),
}


@dataclass(frozen=True)
class _Level:
    """One grid, and the boxes that each cell has."""

    grid: Grid
    boxes: int


@dataclass(frozen=True)
class _Placed:
    """An output, its parts, the order of its axes, and its grid's number; None: of all grids."""

    output: Output
    parts: tuple[Part, ...]
    axes: str
    level: int | None


class _Description:
    """What is said of a head, by the user or else by its family, beside the outputs."""

    def __init__(
        self,
        options: DetectOptions,
        outputs: Sequence[Output],
        size_wh: Pair | None,
        belongings: HeadBelongings,
    ) -> None:
        self.options, self.size_wh, self.belongings = options, size_wh, belongings
        head = cast("HeadOptions", options.head)
        self.head: HeadOptions = head
        self.family: Family = FAMILIES[head.family]
        self.form = self.family.form
        own = {f.name: getattr(head, f.name) for f in fields(head)}
        shared = {f.name: getattr(options, f.name) for f in fields(options) if f.name != "head"}
        stated = {**own, **shared}
        self.stated = {k: v for k, v in stated.items() if v is not None and v is not False}
        self.said: dict[str, Any] = {**self.family.settings, **self.stated}
        self.strides = None if head.strides is None else read_strides(head.strides)
        self.sizes, self.order = self._sizes()
        self.outputs = [self._without_anchor_axis(output) for output in outputs]

    def _sizes(self) -> tuple[list[Sizes], Order]:
        """Return the widths and heights of a cell's anchors, where they are given so."""
        given = self.said.get("anchors")
        if has_prior_sizes(self.head):
            return self._prior_sizes(given), "own"
        around = self.form == "offsets" and given is not None and is_sizes(given)
        if self.form == "anchors" or around:
            return read_sizes(given, self.family, self.head.family)
        return [], "shared"

    def _prior_sizes(self, anchors: Any) -> list[Sizes]:
        """Return those of min_sizes or scales, in the anchors' unit."""
        if self.form != "offsets" or anchors is not None:
            why = "anchors are given, too" if self.form == "offsets" else "its boxes have no priors"
            raise UsageError(
                f"The head {self.head.family} has sizes of prior boxes, and {why}. Leave one out."
            )
        stated = self.strides if self.head.grids is None else self.head.grids
        count = len(stated) if isinstance(stated, list | tuple) else None
        found = prior_sizes(self.head, self.size_wh, count)
        if _box_units(self) == "pixels":
            return found
        width, height = _unit("normalised", Grid(1, 1, None), self.size_wh)
        return [tuple((w / width, h / height) for w, h in sizes) for sizes in found]

    def _without_anchor_axis(self, output: Output) -> Output:
        """Return (H * W, A, K) as (H * W * A, K), which holds the same rows."""
        if len(output.shape) != 3 or self.form != "anchors":
            return output
        cells, anchors, width = output.shape
        shared = self.order == "shared" and len(self.sizes[0]) % anchors == 0
        try:
            spatial_grid(output, self.head.axes, self.size_wh, self.strides)
        except UsageError:
            if shared or anchors in {len(each) for each in self.sizes}:
                return replace(output, shape=(cells * anchors, width))
        return output

    @property
    def bins(self) -> int:
        """How many numbers a distance has."""
        return int(self.said["reg_max"]) if self.form == "points" else 1

    @property
    def in_cells(self) -> bool:
        """Whether boxes that are ready are in cells of their grids."""
        if self.said.get("box_units") == "cells" and self.form != "boxes":
            raise UsageError(
                f"The head {self.head.family} makes pixels of its cells itself. Leave box_units "
                "out, or take the family decoded."
            )
        return self.said.get("box_units") == "cells"

    @property
    def box_width(self) -> int:
        """How many numbers a box has."""
        return 2 if self.form == "peaks" else 4 * self.bins


def describe_head(
    options: DetectOptions,
    outputs: Sequence[Output],
    size_wh: Pair | None,
    score: float,
    belongings: HeadBelongings,
) -> tuple[DetectRecord, tuple[str, ...]]:
    """Return the record of a detector with a head, and a note on what was recognised.

    Args:
        options: The user's, with a head.
        outputs: The model's.
        size_wh: Width and height of the input image in pixels; None if there is none.
        score: The threshold.
        belongings: What is named beside the head.

    Raises:
        UsageError: The description contradicts the outputs, or leaves something open.
    """
    description = _Description(options, outputs, size_wh, belongings)
    said = description.stated | _columns(description)
    beside = belonging_sources(said, description.outputs)
    taken = {output for source in beside for output in source.outputs}
    left = [output for output in description.outputs if output not in taken]
    sources = stated_sources(said, left) or _guessed(description, left)
    levels, placed = _layout(description, [*sources, *beside])
    record = _record(description, levels, placed, score)
    named = {each.name: each.shape for each in belongings.outputs}
    shapes = {role: named[name] for role, name in record.outputs.items()}
    try:
        classes = record.count_classes(shapes)
    except SchemaError as error:
        shown = ", ".join(f"{'+'.join(p.parts)} from {p.output}" for p in placed)
        raise UsageError(
            f"The head {description.head.family} does not fit: {error.path} {error.problem}. "
            f"It reads {shown}. Correct its anchors, classes, strides or axes."
        ) from error
    if description.head.classes not in (None, classes):
        raise UsageError(
            f"The head has {description.head.classes} classes, and its outputs have {classes}: "
            f"{listed([p.output for p in placed])}. Correct the classes, or the anchors."
        )
    return record, (_note(description, levels, placed, classes),)


def _columns(description: _Description) -> dict[str, Any]:
    columns = description.said.get("columns")
    return {} if columns is None else {"columns": columns}


def _guessed(description: _Description, outputs: Sequence[Output]) -> list[Source]:
    """Return the outputs by their parts, where nobody names them."""
    groups: dict[Any, list[Output]] = defaultdict(list)
    for output in outputs:
        groups[_key(description, output)].append(output)
    if all(len(group) == 1 for group in groups.values()):
        if "columns" not in description.said:
            raise UsageError(
                f"The head {description.head.family} does not say what a row of "
                f'{listed(outputs)} holds. Give "columns", such as '
                '"box+objectness+scores" or "box+scores".'
            )
        _check_alike(outputs)
        return [Source(parts_of(description.said["columns"]), tuple(outputs))]
    by_part: dict[Part, list[Output]] = defaultdict(list)
    for number, (key, group) in enumerate(groups.items()):
        found = roles_in(group, _channels(group, key), description.form,
                         _box_channels(description, key, number, len(groups)))  # fmt: skip
        for part, output in found.items():
            by_part[part].append(output)
    return [Source((part,), tuple(found)) for part, found in by_part.items()]


def _check_alike(outputs: Sequence[Output]) -> None:
    """Raise unless all outputs may be the same for different grids.

    Raises:
        UsageError: They have other axes, or are tables of other widths.
    """
    ranks = {len(output.shape) for output in outputs}
    widths = [{output.shape[axis] for output in outputs} for axis in (0, -1)]
    is_table = ranks == {2} and min(map(len, widths)) > 1
    if len(ranks) > 1 or ranks == {1} or is_table:
        raise UsageError(
            f"The outputs are not one for each grid of a head: {listed(outputs)}. Name those that "
            'belong to it, "raw", or "boxes" and "scores", in the head\'s FILE.json.'
        )


def _key(description: _Description, output: Output) -> tuple[Any, ...]:
    """Return what the outputs of one grid have in common."""
    if len(output.shape) >= 3:
        grid, _ = spatial_grid(
            output, description.head.axes, description.size_wh, description.strides
        )
        return ("grid", grid.rows, grid.columns)
    size = output.shape[-1] if description.head.axes == "anchors,values,cells" else None
    return ("flat", output.shape[0] if size is None else size)


def _channels(group: Sequence[Output], key: tuple[Any, ...]) -> list[int]:
    cells = prod(key[1:])
    return [output.size // cells for output in group]


def _box_channels(
    description: _Description, key: tuple[Any, ...], number: int, count: int
) -> int | None:
    """Return how many numbers the boxes of a cell take; None if that is open."""
    if description.form in ("offsets", "boxes"):
        return None if key[0] == "grid" else 4
    if description.form != "anchors" or key[0] == "flat":
        return description.box_width
    sizes = description.sizes
    each = sizes[number % len(sizes)]
    is_shared = description.order == "shared" and len(each) > 1
    return (len(each) // count if is_shared else len(each)) * description.box_width


def _layout(
    description: _Description, sources: Sequence[Source]
) -> tuple[list[_Level], list[_Placed]]:
    """Return the grids, and every output with its place among them."""
    first = next(source for source in sources if "box" in source.parts)
    if all(len(output.shape) < 3 for output in first.outputs):
        levels = _flat_levels(description, first)
    else:
        levels = _spatial_levels(description, first)
    placed = [
        _placed(description, source, output, number, levels)
        for source in sources
        for number, output in enumerate(source.outputs)
    ]
    return levels, placed


def _spatial_levels(description: _Description, source: Source) -> list[_Level]:
    grids = [
        spatial_grid(output, description.head.axes, description.size_wh, description.strides)[0]
        for output in source.outputs
    ]
    if description.strides is not None and len(description.strides) != len(grids):
        raise UsageError(
            f"There are {len(description.strides)} strides, and {len(grids)} grids: "
            f"{listed(source.outputs)}. Give a stride for each grid."
        )
    boxes = _boxes_per_cell(description, source, grids)
    return [_Level(grid, count) for grid, count in zip(grids, boxes, strict=True)]


def _boxes_per_cell(description: _Description, source: Source, grids: Sequence[Grid]) -> list[int]:
    if description.sizes:
        shared = _shared_sizes(description, grids)
        return [len(each) for each in shared]
    if description.form in ("points", "peaks"):
        return [1] * len(grids)
    found = []
    for output, grid in zip(source.outputs, grids, strict=True):
        channels = output.size // grid.cells
        if source.parts == ("box",):
            width = 4
        elif len(output.shape) == 4:
            width = output.shape[-1] if description.head.axes is None else 0
        elif description.head.classes is not None:
            beside = _belonging_numbers(description, source.parts)
            width = (
                description.head.classes
                + sum(beside.values())
                + sum(
                    {"box": 4, "objectness": 1, "anchors": 4, "variances": 4}.get(part, 0)
                    for part in source.parts
                )
            )
        else:
            width = 0
        if not width or channels % width:
            wanted = f", and {channels} channels are no multiple of {width}" if width else ""
            raise UsageError(
                f"The output {output} does not show how many boxes a cell has{wanted}. "
                'Give the number of "classes" in the head\'s FILE.json.'
            )
        found.append(channels // width)
    return found


def _shared_sizes(description: _Description, grids: Sequence[Grid]) -> list[Sizes]:
    strides = [max(grid.stride_wh or (1.0, 1.0)) for grid in grids]
    listed = [float(max(pair)) for pair in description.strides or ()]
    if {"raw", "boxes"} & description.stated.keys():
        listed = list(strides)
    known = listed if sorted(listed) == sorted(strides) else None
    return share_out(description.sizes, description.order, strides, known)


def _flat_levels(description: _Description, source: Source) -> list[_Level]:
    """Return the grids of outputs without rows and columns, (M, K) or (K, M)."""
    outputs = source.outputs
    if description.form in ("offsets", "boxes") and not description.in_cells:
        axes = (-1 if _is_turned(description, output) else 0 for output in outputs)
        rows = [output.shape[axis] for output, axis in zip(outputs, axes, strict=True)]
        return [_Level(Grid(count, 1, None), 1) for count in rows]
    if description.size_wh is None:
        raise UsageError(
            f"The outputs {listed(outputs)} have no rows and columns, and the model's input is no "
            "image. Give --preprocess."
        )
    stated = description.strides or tuple((s, s) for s in description.family.strides)
    grids = grids_of_strides(stated, description.size_wh)
    if description.form == "anchors":
        boxes = [len(each) for each in _shared_sizes(description, grids)]
    elif description.in_cells:
        boxes = _ready_boxes(description, outputs, grids, stated)
    else:
        boxes = [1] * len(grids)
    levels = [_Level(grid, count) for grid, count in zip(grids, boxes, strict=True)]
    if len(outputs) == 1:
        _check_count(outputs[0], levels, stated)
        return levels
    return [_level_of(output, levels) for output in outputs]


def _ready_boxes(
    description: _Description, outputs: Sequence[Output], grids: Sequence[Grid],
    strides: Sequence[Pair],
) -> list[int]:  # fmt: skip
    """Return how many boxes a cell has in tables of boxes, the same for all cells."""
    axes = (-1 if _is_turned(description, output) else 0 for output in outputs)
    rows = sum(output.shape[axis] for output, axis in zip(outputs, axes, strict=True))
    each, rest = divmod(rows, sum(grid.cells for grid in grids))
    if rest or not each:
        shown = " + ".join(map(str, grids))
        words = ", ".join(f"{w}" if w == h else f"{w}x{h}" for w, h in strides)
        raise UsageError(
            f"The strides {words} make grids of {shown} cells, and the outputs have {rows} boxes, "
            "which is no multiple. Give the strides of the grids."
        )
    return [each] * len(grids)


def _is_turned(description: _Description, output: Output) -> bool:
    """Whether a table is (K, M): stated, or since a head has more boxes than numbers of each."""
    if description.head.axes is not None:
        return description.head.axes == "anchors,values,cells"
    several = 4 * output.shape[0] < output.shape[-1]
    return description.form == "boxes" and len(output.shape) == 2 and several


def _check_count(output: Output, levels: Sequence[_Level], strides: Sequence[Pair]) -> None:
    count = sum(level.grid.cells * level.boxes for level in levels)
    cells = sum(level.grid.cells for level in levels)
    if not {count, cells} & set(output.shape):
        shown = " + ".join(f"{level.grid} x {level.boxes}" for level in levels)
        words = ", ".join(f"{w}" if w == h else f"{w}x{h}" for w, h in strides)
        raise UsageError(
            f"The strides {words} make {count} boxes ({shown}: rows x columns x anchors), and the "
            f"output {output} has {output.shape[0]}. Give the strides of its grids."
        )


def _level_of(output: Output, levels: Sequence[_Level]) -> _Level:
    """Return the level of an output that has lost its grid."""
    for level in levels:
        if {level.grid.cells, level.grid.cells * level.boxes} & set(output.shape):
            return level
    shown = ", ".join(f"{level.grid} x {level.boxes}" for level in levels)
    raise UsageError(
        f"The output {output} has {output.shape[0]} rows, and the grids are {shown} (rows x "
        "columns x anchors). Give the strides of its grids."
    )


def _placed(
    description: _Description, source: Source, output: Output, number: int,
    levels: Sequence[_Level],
) -> _Placed:  # fmt: skip
    if len(source.outputs) not in (1, len(levels)):
        raise UsageError(
            f"The head has {len(levels)} grids, and {len(source.outputs)} outputs for "
            f"{'+'.join(source.parts)}: {listed(source.outputs)}. Name one for each grid, or one "
            "for all."
        )
    of_all = len(source.outputs) == 1 and len(levels) > 1
    if len(output.shape) < 3:
        count = sum(v.grid.cells * v.boxes for v in (levels if of_all else [levels[number]]))
        axes = description.head.axes or _flat_axes(output, count)
        return _Placed(output, source.parts, axes, None if of_all else number)
    grid, axes = spatial_grid(
        output, description.head.axes, description.size_wh, description.strides
    )
    wanted = levels[number].grid
    if (grid.rows, grid.columns) != (wanted.rows, wanted.columns):
        raise UsageError(
            f"The output {output} has a grid of {grid}, and the boxes of the same place have "
            f"{wanted}. Name the outputs of each part in the same order."
        )
    return _Placed(output, source.parts, axes, number)


def _flat_axes(output: Output, count: int) -> str:
    """Return the order of (M, K) or (K, M)."""
    is_turned = len(output.shape) == 2 and output.shape[0] != count == output.shape[1]
    return "anchors,values,cells" if is_turned else "cells,anchors,values"


def _record(
    description: _Description, levels: Sequence[_Level], placed: Sequence[_Placed], score: float
) -> DetectRecord:
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
            box_units=_box_units(description),
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
            **description.belongings.records(head, _box_units(description)),
            multi_label=True if said.get("multi_label") else None,
        )  # fmt: skip
    except SchemaError as error:
        raise UsageError(
            f"The head {description.head.family} does not hold together: {error}. Correct it."
        ) from error


def _prior_grids(description: _Description, levels: Sequence[_Level]) -> PriorGrids:
    """Return where prior boxes are, of the grids of the outputs or of those that are stated."""
    grids, sizes = [(level.grid, level.boxes) for level in levels], None
    if description.sizes and any(level.grid.stride_wh is None for level in levels):
        grids, sizes = _stated_grids(description, [level.grid.cells for level in levels])
    elif description.sizes:
        sizes = _shared_sizes(description, [level.grid for level in levels])
    stated = description.head.anchor_centres
    is_even = has_prior_sizes(description.head) and description.strides is None
    return PriorGrids(
        grids,
        sizes,
        _box_units(description),
        description.size_wh,
        bool({"raw", "boxes"} & description.stated.keys()),
        description.said.get("xy_offset", 0.5),
        is_even if stated is None else stated == "even",
        bool(description.head.anchor_clip),
    )


def _stated_grids(
    description: _Description, rows: Sequence[int]
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


def _box_format(description: _Description) -> Any:
    if description.form == "boxes":
        return _needed(description, "box_format", "yxyx, xyxy, xywh or cxcywh")
    return "xyxy" if description.form == "points" else "cxcywh"


def _box_units(description: _Description) -> Any:
    if description.in_cells:
        return "pixels"
    if description.form == "boxes":
        return _needed(
            description, "box_units", "normalised or pixels (of the input), or cells in a FILE.json"
        )
    if description.form != "offsets":
        return "pixels"
    stated = description.stated
    return stated.get("box_units") or stated.get("anchor_units") or description.said["box_units"]


def _needed(description: _Description, key: str, choices: str) -> Any:
    if key not in description.said:
        option = key.replace("_", "-")
        raise UsageError(
            f"The head {description.head.family} leaves the boxes as the model gives them. "
            f"Give --{option}: {choices}."
        )
    return description.said[key]


def _activation(description: _Description, placed: Sequence[_Placed], part: Part, key: str) -> Any:
    """Return the activation that a part still needs: stated, none if the graph has it, or usual."""
    if key in description.stated:
        return description.stated[key]
    ends = {p.output.activation for p in placed if p.parts == (part,)}
    if ends and ends <= {"sigmoid", "softmax"}:
        return "none"
    return description.said[key] if key in description.said else _needed(
        description, key, "none, sigmoid or softmax"
    )  # fmt: skip


def _head(description: _Description, levels: Sequence[_Level], placed: Sequence[_Placed]) -> Head:
    said, form = description.said, description.form
    has_anchors = any("anchors" in p.parts for p in placed)
    settings = {name: said[name] for name in _FORM_FIELDS[form]}
    return Head(
        form=form,
        outputs=tuple(
            HeadOutput(p.output.name, p.parts, cast("Axes", p.axes), p.level) for p in placed
        ),
        levels=_levels(description, levels, {part for p in placed for part in p.parts}),
        pair_order="y first" if _y_first(said) else "x first",
        bins=description.bins if form == "points" else None,
        anchor_format=_anchor_format(said) if has_anchors else None,
        point_numbers=_numbers_of("points", description, levels, placed),
        mask_numbers=_numbers_of("coefficients", description, levels, placed),
        **settings,
    )


def _numbers_of(
    part: Part, description: _Description, levels: Sequence[_Level], placed: Sequence[_Placed]
) -> int | None:
    """Return how many numbers of keypoints or coefficients a box has; None if it has none."""
    for one in placed:
        if part not in one.parts:
            continue
        some = levels if one.level is None else [levels[one.level]]
        count = sum(level.grid.cells * level.boxes for level in some)
        if one.parts == (part,):
            return one.output.size // count
        return _belonging_numbers(description, one.parts, one.output.size // count)[part]
    return None


def _belonging_numbers(
    description: _Description, parts: Sequence[Part], width: int | None = None
) -> dict[Part, int]:
    """Return how many of a box's `width` numbers are points and coefficients, among its columns.

    Raises:
        UsageError: Nothing shows how many.
    """
    found: dict[Part, int] = {}
    if "coefficients" in parts:
        if (prototypes := description.belongings.prototypes) is None:
            raise UsageError(
                "The columns of the head have coefficients of masks, and no output is named that "
                "has their prototypes. Name it with --prototypes."
            )
        found["coefficients"] = prototypes
    if "points" in parts:
        said, classes = description.said, description.head.classes
        size = len(str(said.get("point_format") or "xys"))
        names = read_labels(description.options.point_labels)
        count = description.options.point_count or (None if names is None else len(names))
        if count is None and width is not None and (classes is not None or "scores" not in parts):
            fixed = {"box": description.box_width, "objectness": 1, "scores": classes or 0,
                     "offset": 2, "anchors": 4, "variances": 4, **found}  # fmt: skip
            count = (width - sum(fixed.get(part, 0) for part in parts)) // size
        if count is None:
            raise UsageError(
                "The columns of the head have scores and points, and nothing shows where one ends. "
                "Give --point-count, or the number of classes in the head's FILE.json."
            )
        found["points"] = count * size
    return found


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


def _levels(
    description: _Description, levels: Sequence[_Level], parts: set[Part]
) -> tuple[HeadLevel, ...]:
    said, form = description.said, description.form
    shared = _shared_sizes(description, [v.grid for v in levels]) if form == "anchors" else None
    found = []
    for number, level in enumerate(levels):
        places: dict[str, Any] = {}
        if description.in_cells or form in ("anchors", "points", "peaks"):
            stride = level.grid.stride_wh
            if stride is None:
                raise UsageError(
                    "The strides of the head's grids cannot be seen, since the model's input is no "
                    'image. Give --preprocess, or "strides".'
                )
            places["stride_wh"] = stride
            if not description.in_cells:
                places |= _cell_places(description, number, len(levels), stride, parts)
        if shared is not None:
            unit = _unit(said["anchor_units"], level.grid, description.size_wh)
            places["anchors"] = tuple(
                float(n * u) for pair in shared[number] for n, u in zip(pair, unit, strict=True)
            )
        found.append(HeadLevel(level.grid.rows, level.grid.columns, level.boxes, **places))
    return tuple(found)


def _cell_places(
    description: _Description, number: int, count: int, stride: Pair | Any, parts: set[Part]
) -> dict[str, float]:
    said, form = description.said, description.form
    if form == "anchors":
        by_stride = description.family.xy_scales
        scale = (
            float(by_stride.get(round(stride[0]), min(by_stride.values())))
            if by_stride and "xy_scale" not in description.stated
            else _one_of(said["xy_scale"], number, count, "xy_scale")
        )
        offset = said.get("xy_offset", (1 - scale) / 2)
        return {"xy_scale": scale, "xy_offset": _one_of(offset, number, count, "xy_offset")}
    # Without an offset map, CenterNet's boxes are centred at a cell's middle (ctdet_decode).
    usual = said.get("xy_offset", 0.0 if "offset" in parts else 0.5)
    return {"xy_offset": _one_of(usual, number, count, "xy_offset")}


def _one_of(given: Any, number: int, count: int, name: str) -> float:
    """Return a number that is one for all grids, or one for each."""
    rows = list(given) if isinstance(given, list | tuple) else [given] * count
    if len(rows) != count:
        raise UsageError(
            f"The head's {name} has {len(rows)} numbers, and there are {count} grids. Give one for "
            "each, or one for all."
        )
    if isinstance(rows[number], bool) or not isinstance(rows[number], int | float):
        raise UsageError(f"The head's {name} must be a number, got {rows[number]!r}. Correct it.")
    return float(rows[number])


def _unit(units: str, grid: Grid, size_wh: Pair | None) -> tuple[float, float]:
    """Return the pixels of the input that a unit of width and of height has."""
    if units == "pixels":
        return 1.0, 1.0
    if units == "cells":
        return grid.stride_wh or (1.0, 1.0)
    if size_wh is None:
        raise UsageError(
            "Anchors that are shares of the input need its size, and the model's input is no "
            "image. Give --preprocess, or anchors in pixels."
        )
    return float(size_wh[0]), float(size_wh[1])


def _note(
    description: _Description, levels: Sequence[_Level], placed: Sequence[_Placed],
    classes: int | None,
) -> str:  # fmt: skip
    seen = description.sizes and all(level.grid.stride_wh for level in levels)
    shared = _shared_sizes(description, [v.grid for v in levels]) if seen else None
    shown = []
    for number, level in enumerate(levels):
        text = f"{level.grid}" + (f" x {level.boxes}" if level.boxes > 1 else "")
        stride = level.grid.stride_wh
        text += f" of stride {stride[0]:g}" if stride else ""
        first = shared[number][0] if shared else None
        text += f" (anchors from {first[0]:g} x {first[1]:g} on)" if first else ""
        shown.append(text)
    grids = ", ".join(shown)
    read = ", ".join(f"{'+'.join(p.parts)} from {p.output}" for p in placed)
    own = description.said.get("nms")
    nms = "" if own is None else f"; the best of boxes that overlap by more than {own:g}"
    return (
        f"Head: {description.head.family}, grids {grids}; {read}; {classes} classes{nms}. A "
        "FILE.json for --head changes that."
    )
