"""The widths and heights of a head's anchors, a list for each grid."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from keras2cv.bundle.npz import read_npy
from keras2cv.errors import InputError, UsageError
from keras2cv.plain_files import read_plain

from .head_families import Family

Sizes = tuple[tuple[float, float], ...]
Order = Literal["own", "finest first", "shared"]
_MAX_BYTES: Final = 2**20


def read_sizes(given: Any, family: Family, name: str) -> tuple[list[Sizes], Order]:
    """Return lists of anchors (w, h), and whose they are.

    "own": a list for each grid, in their order; "finest first": the same, sorted by stride;
    "shared": one list for all.

    A list of lists has a list for each grid: of pairs, or of numbers w, h, w, h, as YOLOv5's
    configuration files. One list of pairs or of numbers, as darknet's, is for all grids together.

    Args:
        given: Lists, an array, an .npy file, a text file of numbers, or "coco".
        family: The head's family, which has the published anchors.
        name: Of the family, for the message.

    Raises:
        UsageError: They are no such lists, or the family has none that are published.
        InputError: The file cannot be read.
    """
    is_published = isinstance(given, str) and given == "coco"
    if is_published and family.coco:
        return list(family.coco), "finest first"
    if given is None or is_published:
        ready = ', or "coco" for the published ones' if family.coco else ""
        raise UsageError(
            f"The head {name} needs its anchors: the widths and heights of the training's "
            f'configuration, "anchors": [[w, h, w, h, ...], ...] with a list for each grid{ready}.'
        )
    if isinstance(given, str | os.PathLike):
        given = _from_file(Path(given))
    rows = given.tolist() if isinstance(given, np.ndarray) else given
    if not isinstance(rows, Sequence) or not rows:
        raise _unreadable(given)
    if _depth(rows) == 3 or (_depth(rows) == 2 and len(rows[0]) != 2):
        return [_pairs(row) for row in rows], "own"
    return [_pairs(rows)], "shared"


def share_out(
    sizes: list[Sizes], order: Order, strides: Sequence[float], listed: Sequence[float] | None
) -> list[Sizes]:
    """Return the anchors of each grid, in the order of `strides`.

    Lists of their own go to the grids in the order in which the user lists these; where nothing
    lists them, the smallest anchors to the finest grid. One list for all is in darknet's order: its
    first part is that of the finest grid.

    Args:
        sizes: As `read_sizes` returns them.
        order: The same.
        strides: Of the grids.
        listed: The strides in the user's order; None if neither strides nor outputs are listed.

    Raises:
        UsageError: There are more or fewer than the grids need.
    """
    grids = len(strides)
    ranks = np.argsort(np.argsort(strides, kind="stable"), kind="stable")
    if order == "shared" and len(sizes[0]) > 1:
        each, rest = divmod(len(sizes[0]), grids)
        if rest:
            raise UsageError(
                f"There are {len(sizes[0])} anchors, which {grids} grids cannot share alike. Give "
                "a list for each grid."
            )
        return [sizes[0][rank * each : (rank + 1) * each] for rank in ranks]
    if len(sizes) == 1:
        return sizes * grids
    if len(sizes) != grids:
        raise UsageError(
            f"There are anchors for {len(sizes)} grids, and the model has {grids} (strides "
            f"{', '.join(f'{s:g}' for s in strides)}). Give a list for each grid."
        )
    if order == "finest first":
        return [sizes[rank] for rank in ranks]
    return _listed(sizes, strides, ranks.tolist(), listed)


def _listed(
    sizes: list[Sizes], strides: Sequence[float], ranks: Sequence[int],
    listed: Sequence[float] | None,
) -> list[Sizes]:  # fmt: skip
    """Return the list of each grid: by the user's order of strides, or by their sizes."""
    if listed is not None:
        by_stride = dict(zip(listed, sizes, strict=True))
        return [by_stride[stride] for stride in strides]
    means = [float(np.prod(each, axis=1).mean()) for each in sizes]
    if len(set(means)) < len(means):
        return sizes
    from_small = [sizes[k] for k in np.argsort(means)]
    return [from_small[rank] for rank in ranks]


def _depth(rows: Any) -> int:
    depth = 0
    while isinstance(rows, Sequence) and not isinstance(rows, str) and rows:
        depth, rows = depth + 1, rows[0]
    return depth


def _pairs(row: Any) -> Sizes:
    try:
        numbers = np.asarray(row, np.float64).ravel()
    except (TypeError, ValueError) as error:
        raise _unreadable(row) from error
    if numbers.size % 2 or not numbers.size:
        raise UsageError(
            f"Anchors are pairs of width and height, and {numbers.size} numbers are none. Correct "
            "them."
        )
    flat = numbers.reshape(-1, 2)
    if not np.isfinite(flat).all() or not (flat > 0).all():
        raise UsageError(f"Anchors must be widths and heights above 0, got {flat.min():g}.")
    return tuple((float(w), float(h)) for w, h in flat)


def _unreadable(given: Any) -> UsageError:
    text = " ".join(repr(given).split())
    return UsageError(
        f"Anchors must be lists of widths and heights, got {text[:60]}. "
        "Write [[w, h, w, h, ...], ...] with a list for each grid."
    )


def _from_file(path: Path) -> Any:
    """Read an .npy file, or numbers between commas, spaces and lines as in yolo_anchors.txt."""
    if path.suffix == ".npy":
        try:
            return read_npy(path)
        except InputError as error:
            raise InputError(
                f"The anchors {path} cannot be read ({error}). Give an .npy file of (L, A, 2)."
            ) from error
    try:
        text = read_plain(path, _MAX_BYTES).decode("utf-8-sig")
        return [float(word) for word in text.replace(",", " ").split()]
    except (OSError, ValueError) as error:
        raise InputError(
            f"The anchors {path} cannot be read: {getattr(error, 'strerror', None) or error}. "
            "Give a text file of w, h, w, h, ... or an .npy file."
        ) from error
