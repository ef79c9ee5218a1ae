"""What a detector gives for each box beside class and score: masks, keypoints, angles.

An output gets such a role if the user names it, or if its name and shape fit no other. The records
of the manifest are made from the outputs and the user's description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast, get_args

from keras2cv.errors import UsageError
from keras2cv.tasks.detect.belongings import (
    AngleDirection,
    AngleRecord,
    AngleUnits,
    BoxPointForm,
    BoxPointsRecord,
    BoxPointUnits,
    MaskActivation,
    MaskCut,
    MaskEdges,
    MaskRecord,
)
from keras2cv.tasks.detect.columns import parts_of
from keras2cv_export.tasks.labels import read_labels
from keras2cv_export.tasks.outputs import Output, listed, named, only

from .options import DetectOptions
from .point_count import count_points

DEFAULT_THRESHOLD: Final = 0.5
DEFAULT_POINT_SCORE: Final = 0.3

# The role of each output in the manifest -> the option that names it.
OPTIONS: Final[Mapping[str, str]] = {
    "masks.per_box": "masks",
    "masks.prototypes": "prototypes",
    "masks.coefficients": "mask_coefficients",
    "points.output": "points",
    "angles.output": "angles",
}
_CURES: Final[Mapping[str, str]] = {
    "masks": "Name other outputs with --prototypes, --mask-coefficients or --masks, or correct "
    "the columns of the coefficients.",
    "points.joints": 'Name other outputs as "joint_heatmaps" and "joint_offsets".',
    "points": "Name another output with --points, or correct --point-count, --point-format or the "
    "columns of the points.",
    "angles": "Name another output with --angles, or correct the columns of the angles.",
}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "columns_axis": ("last", "first"),
    "mask_activation": get_args(MaskActivation),
    "mask_edges": get_args(MaskEdges),
    "mask_cut": get_args(MaskCut),
    "point_units": get_args(BoxPointUnits),
    "point_activation": get_args(MaskActivation),
    "angle_units": get_args(AngleUnits),
    "angle_direction": get_args(AngleDirection),
}
_PROTOTYPES = r"proto"
_COEFFICIENTS = r"coef|mask"
_MASKS = r"mask"
_POINTS = r"key|point|pose|joint|landmark|kpt"
_ANGLES = r"angle|theta|rotat"


def stated_belongings(options: DetectOptions, outputs: Sequence[Output]) -> dict[str, Output]:
    """Return role -> output, of those that the user named.

    Raises:
        UsageError: An output is named that is not there.
    """
    return {
        role: named(outputs, name, option.replace("_", " "))
        for role, option in OPTIONS.items()
        if (name := getattr(options, option)) is not None
    }


def find_belongings(
    options: DetectOptions, outputs: Sequence[Output], boxes: Output | None
) -> dict[str, Output]:
    """Return role -> output, of those that are stated or recognised.

    Args:
        options: The user's description.
        outputs: The model's.
        boxes: The output with the boxes; None where a single output holds everything.

    Raises:
        UsageError: An output is named that is not there; or coefficients or prototypes are alone.
    """
    found = stated_belongings(options, outputs)
    stated = [getattr(options, role) for role in ("boxes", "scores", "classes", "objectness")]

    def left() -> list[Output]:
        return [o for o in outputs if o not in (*found.values(), boxes) and o.name not in stated]

    count = None if boxes is None else boxes.size // boxes.shape[-1]
    parts = parts_of(options.columns)
    if "masks.per_box" not in found:
        _find_prototypes(found, left, count, inside="coefficients" in parts)
    if count is not None and not any(role.startswith("masks.") for role in found):
        grids = (o for o in left() if len(o.shape) in (3, 4) and o.shape[0] == count)
        _take(found, "masks.per_box", only((o for o in grids if o.is_called(_MASKS)), _MASKS))
    has_points = "points.output" in found or "points" in parts
    if options.point_format is not None and not has_points:
        points = (o for o in left() if o.is_called(_POINTS))
        _take(found, "points.output", only(points, _POINTS))
    if count is not None and options.angle_units is not None and "angles.output" not in found:
        angles = (o for o in left() if o.size == count and o.is_called(_ANGLES))
        _take(found, "angles.output", only(angles, _ANGLES))
    return found


def _take(found: dict[str, Output], role: str, output: Output | None) -> None:
    if output is not None:
        found[role] = output


def _find_prototypes(
    found: dict[str, Output], left: Any, count: int | None, *, inside: bool
) -> None:
    """Find prototypes and their coefficients, of which neither means anything without the other.

    Args:
        found: The roles, to which they are added.
        left: () -> the outputs that have no role yet.
        count: How many boxes there are, if that is known.
        inside: Whether the coefficients are columns.
    """
    maps = [o for o in left() if len(o.shape) == 3]
    if "masks.prototypes" not in found:
        _take(found, "masks.prototypes", only((o for o in maps if o.is_called(_PROTOTYPES)),
                                              _PROTOTYPES))  # fmt: skip
    prototypes = found.get("masks.prototypes")
    if "masks.coefficients" not in found and count is not None and not inside:
        wanted = None if prototypes is None else count * prototypes.shape[-1]
        rows = [o for o in left() if len(o.shape) < 3 and o.is_called(_COEFFICIENTS)]
        exact = [o for o in rows if o.size == wanted]
        _take(found, "masks.coefficients", only(exact or rows, _COEFFICIENTS))
    weights = found.get("masks.coefficients")
    if prototypes is None and weights is not None and count is not None:
        channels = weights.size // count
        fitting = (o for o in left() if len(o.shape) == 3 and o.shape[2] == channels)
        _take(found, "masks.prototypes", only(fitting, _PROTOTYPES))


def check_belongings(
    options: DetectOptions, found: Mapping[str, Output], outputs: Sequence[Output], count: int
) -> None:
    """Raise if coefficients have no prototypes, or prototypes no coefficients.

    Args:
        options: The user's description.
        found: Role -> output.
        outputs: The model's.
        count: How many boxes there are.

    Raises:
        UsageError: With the numbers that are missing.
    """
    prototypes, weights = found.get("masks.prototypes"), found.get("masks.coefficients")
    inside = "coefficients" in parts_of(options.columns)
    if prototypes is None and (weights is not None or inside):
        channels = "P" if weights is None else f"{weights.size // max(count, 1)}"
        which = f"{weights or 'A column'} has the coefficients"
        raise UsageError(
            f"{which} of masks for {count} boxes, and no output has their {channels} prototypes, "
            f"(N, h, w, {channels}): {listed(outputs)}. Name it with --prototypes."
        )
    if prototypes is not None and weights is None and not inside:
        channels = f"{prototypes.shape[-1]}"
        raise UsageError(
            f"{prototypes} holds {channels} prototypes of masks, and no output has their "
            f"coefficients, {count} x {channels}: {listed(outputs)}. Name it with "
            "--mask-coefficients, or say that coefficients are among the --columns."
        )


def cure_of(path: str, otherwise: str) -> str:
    """Return what to do about a fault of a record at `path`, if it is of what belongs to boxes."""
    return next((cure for key, cure in _CURES.items() if path.startswith(f"{key}.")), otherwise)


def missing_of(options: DetectOptions, roles: Mapping[str, Any]) -> list[str]:
    """Return the meanings that the user has to give, as keys of `roles.question`."""
    parts = parts_of(options.columns)
    boxes = roles.get("boxes")
    masks = roles.get("masks.per_box")
    missing = []
    known = masks is not None and masks.activation == "sigmoid"
    if masks is not None and options.mask_activation is None and not known:
        missing.append("mask_activation")
    if ("points.output" in roles or "points" in parts) and options.point_format is None:
        missing.append("point_format")
    turned = "angles.output" in roles or "angle" in parts
    turned = turned or (isinstance(boxes, Output) and boxes.shape[-1:] == (5,))
    if turned and options.angle_units is None:
        missing.append("angle_units")
    return missing


def records_of(
    options: DetectOptions,
    roles: Mapping[str, Any],
    units: str,
    count: int,
    labels: Sequence[str] | None,
) -> dict[str, Any]:
    """Return the records of the manifest: "masks", "points" and "angles", of those there are.

    Args:
        options: The user's description.
        roles: Role -> output.
        units: Of the boxes.
        count: How many boxes there are.
        labels: The names of the classes, if the user gave them.

    Raises:
        UsageError: The points cannot be counted, or an option is for what the model does not give.
        SchemaError: A description contradicts itself.
    """
    _check_choices(options)
    parts = parts_of(roles.get("columns"))
    names = {role: o.name for role, o in roles.items() if isinstance(o, Output)}
    found: dict[str, Any] = {}
    if "masks.prototypes" in roles or "masks.per_box" in roles:
        found["masks"] = _masks(options, roles, names)
    if "points.output" in roles or "points" in parts:
        found["points"] = _points(options, roles, units, count, labels)
    if options.angle_units is not None:
        found["angles"] = AngleRecord(
            cast("AngleUnits", options.angle_units),
            cast("AngleDirection", options.angle_direction or "clockwise"),
            names.get("angles.output"),
        )
    _refuse_unused(options, found)
    return found


def notes_of(options: DetectOptions, roles: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a note for each default of a mask or an angle."""
    notes = []
    if "masks.prototypes" in roles and options.mask_activation is None:
        notes.append(
            "Masks go through a sigmoid, and are enlarged after it. Say --mask-activation none "
            "and --mask-threshold 0 for masks that are enlarged as they are."
        )
    if any(role.startswith("masks.") for role in roles) and options.mask_edges is None:
        notes.append(
            "Masks are cut between the pixels whose centres are inside and outside of their boxes. "
            "Say --mask-edges to change that."
        )
    if options.angle_units is not None and options.angle_direction is None:
        notes.append("Angles are clockwise, as OpenCV has them. Say --angle-direction otherwise.")
    return tuple(notes)


def _masks(
    options: DetectOptions, roles: Mapping[str, Any], names: Mapping[str, str]
) -> MaskRecord:
    own = "none" if "masks.per_box" in roles else "sigmoid"
    threshold = options.mask_threshold
    return MaskRecord(
        cast("MaskActivation", options.mask_activation or own),
        DEFAULT_THRESHOLD if threshold is None else float(threshold),
        cast("MaskEdges", options.mask_edges or "exact"),
        names.get("masks.coefficients"),
        names.get("masks.prototypes"),
        names.get("masks.per_box"),
        "prototypes" if options.mask_cut == "prototypes" else None,
    )


def _points(
    options: DetectOptions,
    roles: Mapping[str, Any],
    box_units: str,
    count: int,
    labels: Sequence[str] | None,
) -> BoxPointsRecord:
    form = str(options.point_format)
    if form not in ("xy", "yx", "xys", "yxs"):
        raise UsageError(
            f"The keypoints of boxes are rows of xy, yx, xys or yxs, and not {form}. Say which by "
            "--point-format, or use --task keypoints for one object per image."
        )
    point_labels = read_labels(options.point_labels)
    pairs = tuple(number for pair in options.skeleton or () for number in pair)
    return BoxPointsRecord(
        cast("BoxPointForm", form),
        cast("BoxPointUnits", options.point_units or box_units),
        cast("MaskActivation", options.point_activation or "none"),
        DEFAULT_POINT_SCORE if options.point_score is None else options.point_score,
        count_points(options, roles, count, point_labels, labels),
        roles["points.output"].name if "points.output" in roles else None,
        point_labels,
        pairs or None,
    )


def _check_choices(options: DetectOptions) -> None:
    """Raise if an option has a value that it cannot have: Python passes them unchecked.

    Raises:
        UsageError: With the values that it may have.
    """
    for name, choices in _CHOICES.items():
        value = getattr(options, name)
        if value is not None and value not in choices:
            raise UsageError(f"{name} must be {' or '.join(choices)}, got {value!r}. Correct it.")


def _refuse_unused(options: DetectOptions, found: Mapping[str, Any]) -> None:
    """Raise if an option describes what the model does not give."""
    owners = {"mask_": "masks", "point_": "points", "skeleton": "points", "angle_": "angles"}
    for name, value in vars(options).items():
        owner = next((key for start, key in owners.items() if name.startswith(start)), None)
        if value is not None and owner is not None and owner not in found:
            output = {"masks": "--masks or --prototypes", "points": "--points"}.get(
                owner, "--angle-units"
            )
            raise UsageError(
                f"--{name.replace('_', '-')} is for {owner} of boxes, and no output has any. Name "
                f"it with {output}, or leave the option out."
            )
