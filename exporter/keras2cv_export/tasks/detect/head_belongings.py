"""What belongs to the boxes of a head: masks, keypoints and angles, from its own outputs or others.

Keypoints and coefficients of masks are parts of a head, one output for each grid or one for all,
and its cells place them. Prototypes, masks and angles are outputs of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from keras2cv.errors import UsageError
from keras2cv.tasks.detect.belongings import BoxPointsRecord, JointRecord, MaskActivation
from keras2cv.tasks.detect.head import BELONGING, Head
from keras2cv_export.tasks.outputs import Output, named

from .belongings import OPTIONS, check_belongings, missing_of, records_of
from .head_families import FAMILIES
from .head_options import HeadOptions
from .options import DetectOptions
from .roles import question

_OF_HEAD: Final = ("points.output", "masks.coefficients")
_JOINTS: Final = {"joints.heat": "joint_heatmaps", "joints.shift": "joint_offsets"}
# The outputs of CenterNet's pose nets, in every port of its repository.
_CENTERNET: Final = {"points": "hps", "joint_heatmaps": "hm_hp", "joint_offsets": "hp_offset"}
_POINT_KEYS: Final = (
    "point_scale", "point_offset", "joint_heatmaps", "joint_offsets", "joint_activation",
    "joint_score", "joint_reach",
)  # fmt: skip


def named_as_centernet(options: DetectOptions, outputs: Sequence[Output]) -> DetectOptions:
    """Return the options with the outputs of a pose net named, if they have the usual names."""
    head = cast("HeadOptions", options.head)
    if FAMILIES[head.family].form != "peaks" or options.raw is not None:
        return options
    there = {output.name for output in outputs}
    found = {key: name for key, name in _CENTERNET.items() if name in there}
    if options.points is None and "points" in found:
        options = replace(options, points=found["points"])
    joints: dict[str, Any] = {
        k: v for k, v in found.items() if k != "points" and getattr(head, k) is None
    }
    if joints:
        options = replace(options, head=replace(head, **joints))
    return options


def outputs_of_head(options: DetectOptions, outputs: Sequence[Output]) -> dict[str, Output]:
    """Return role -> output of what is named beside a head's own outputs.

    Raises:
        UsageError: An output is named that is not there.
    """
    found = {
        role: named(outputs, name, option.replace("_", " "))
        for role, option in OPTIONS.items()
        if role not in _OF_HEAD and (name := getattr(options, option)) is not None
    }
    for role, option in _JOINTS.items():
        if (name := getattr(options.head, option)) is not None:
            found[role] = named(outputs, name, option.replace("_", " "))
    return found


@dataclass(frozen=True)
class HeadBelongings:
    """The outputs that are named beside a head's own.

    Attributes:
        options: The user's.
        own: As of `outputs_of_head`.
        outputs: The model's.
    """

    options: DetectOptions
    own: Mapping[str, Output]
    outputs: Sequence[Output]

    @property
    def prototypes(self) -> int | None:
        """How many prototypes of masks there are, if there are some."""
        found = self.own.get("masks.prototypes")
        return None if found is None else found.shape[-1]

    def records(self, made: Head, box_units: str) -> dict[str, Any]:
        """Return the records of what belongs to the boxes of a head.

        Raises:
            UsageError: A meaning is missing, or they do not fit the boxes.
            SchemaError: A description contradicts itself.
        """
        options, own = self.options, self.own
        head = cast("HeadOptions", options.head)
        columns = "+".join(sorted(made.parts & BELONGING.keys())) or None
        usual = FAMILIES[head.family].settings if "points" in made.parts else {}
        keys = ("point_units", "point_format")
        said: dict[str, Any] = {k: usual.get(k) for k in keys if getattr(options, k) is None}
        shown = replace(options, columns=columns, **said)
        found = {role: output for role, output in own.items() if not role.startswith("joints.")}
        check_belongings(shown, found, self.outputs, made.count)
        if missing := missing_of(shown, found):
            raise UsageError(question(missing, found, self.outputs))
        roles = {**found, "columns": columns, "points.numbers": made.point_numbers}
        records = records_of(shown, roles, box_units, made.count, None)
        if "points" in records:
            records["points"] = _placed_points(head, usual, records["points"], own)
        else:
            _refuse_without_points(head)
        return records


def _placed_points(
    head: HeadOptions, usual: Mapping[str, Any], points: BoxPointsRecord, own: Mapping[str, Output]
) -> BoxPointsRecord:
    """Return the points' record with what the cells need."""

    def said(key: str) -> Any:
        stated = getattr(head, key)
        return usual.get(key) if stated is None else stated

    heat = own.get("joints.heat")
    joints = None
    if heat is not None:
        ends = "none" if heat.activation == "sigmoid" else said("joint_activation")
        stated = head.joint_activation  # the user's comes first
        joints = JointRecord(
            heat.name,
            cast("MaskActivation", stated or ends),
            float(said("joint_score") or 0.0),
            0.3 if said("joint_reach") is None else float(said("joint_reach")),
            own["joints.shift"].name if "joints.shift" in own else None,
        )
    elif "joints.shift" in own:
        raise UsageError(
            f"{own['joints.shift']} holds the places of joints, and no output has their heatmaps. "
            'Name it as "joint_heatmaps".'
        )
    in_head = points.in_head
    scale, offset = said("point_scale"), said("point_offset")
    given = [key for key in ("point_scale", "point_offset") if getattr(head, key) is not None]
    if given and not in_head:
        raise UsageError(
            f"The head's {given[0]} is of points in cells or of anchors, and these are "
            f"{points.units}. Leave it out, or correct --point-units."
        )
    return replace(
        points,
        scale=None if scale is None or not in_head else float(scale),
        offset=None if offset is None or points.units != "cells" else float(offset),
        joints=joints,
    )


def _refuse_without_points(head: HeadOptions) -> None:
    given = [key for key in _POINT_KEYS if getattr(head, key) is not None]
    if given:
        raise UsageError(
            f"The head's {given[0]} is of keypoints, and no output has any. Name it as "
            '"points", or leave it out.'
        )
