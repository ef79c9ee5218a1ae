"""Keypoints of one object per image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.evaluation.labelled import BadTruthError, TruePoints
from keras2cv.evaluation.measures.measure import Curve, Measure, Numbers
from keras2cv.evaluation.metrics.classes import share
from keras2cv.evaluation.outcome import Outcome
from keras2cv.evaluation.rows import Rows
from keras2cv.tasks.keypoints.result import Keypoints

Array = NDArray[Any]
SHARES: Final[Mapping[str, float]] = MappingProxyType({"pck05": 0.05, "pck10": 0.1, "pck20": 0.2})
_USUAL: Final = 0.1


class KeypointsMeasure(Measure):
    """PCK: the share of the points that lie within a share of the object's longer side.

    Yang and Ramanan, 2013.
    """

    better: ClassVar[Mapping[str, bool]] = MappingProxyType(
        {**dict.fromkeys(SHARES, True), "mean_error_px": False}
    )
    primary = "pck10"

    def __init__(self, count: int, labels: Sequence[str] | None, order: Sequence[int]) -> None:
        """Begin.

        Args:
            count: How many points the model gives.
            labels: Their names.
            order: Of each point of the data, the model's number.
        """
        super().__init__()
        self._labels = tuple(labels) if labels is not None else tuple(map(str, range(count)))
        self._order = list(order)
        self._rows = Rows(2 * count)  # distances in pixels, then in shares; NaN: not labelled

    def outcome(self, name: str, truth: Any, result: Any, image: Array | None) -> Outcome:  # noqa: ARG002
        """Keep the distances.

        Args:
            name: The sample's.
            truth: As the data has it.
            result: The answer.
            image: The picture; None for arrays.

        Raises:
            BadTruthError: the truth has another number of points.
        """
        assert isinstance(result, Keypoints)  # noqa: S101 - the task's
        true = truth if isinstance(truth, TruePoints) else _from_array(truth)
        if len(true.points_xy) != len(self._order):
            text = f"{name} has {len(true.points_xy)} points, and the model {len(self._order)}."
            raise BadTruthError("label unreadable", text)
        size = float(true.size or max(result.image_wh))
        answered = result.points_xy[self._order].astype(np.float64)
        distances = np.full(len(self._labels), np.nan)
        found = np.hypot(*(answered - true.points_xy).T)
        distances[self._order] = np.where(true.is_labelled, found, np.nan)
        labelled = int(true.is_labelled.sum())
        far = int((found[true.is_labelled] > _USUAL * size).sum())
        error = float(np.nansum(distances) / (labelled * size)) if labelled else 0.0
        mean = error * size
        words = f"{labelled - far} within {_USUAL:.0%}, {mean:.1f} px off on average"
        return Outcome(
            name, f"{labelled} points", words, error, None, {"px": distances, "size": size}
        )

    def add(self, outcome: Outcome) -> None:
        """Add an image."""
        distances, size = np.asarray(outcome.data["px"]), outcome.data["size"]
        shares = distances / size
        self._rows.append(np.concatenate([distances, shares]))
        labelled = np.isfinite(distances)
        self._terms.append(np.array([(shares[labelled] <= _USUAL).sum(), labelled.sum()], float))

    def gap(self, one: Outcome, other: Outcome) -> float:
        """Return the largest difference of a distance, in shares of the object."""
        near = np.abs(np.asarray(one.data["px"]) - np.asarray(other.data["px"]))
        return float(np.nanmax(near, initial=0) / one.data["size"])

    def numbers(self) -> Numbers:
        """Return everything."""
        rows = self._rows.array()
        count = len(self._labels)
        px, shares = rows[:, :count], rows[:, count:]
        labelled = np.isfinite(px)
        total = int(labelled.sum())

        def within(limit: float) -> Array:
            return np.asarray((np.nan_to_num(shares, nan=np.inf) <= limit).sum(axis=0))

        metrics: dict[str, float | None] = {
            name: float(within(limit).sum() / total) if total else None
            for name, limit in SHARES.items()
        }
        metrics["mean_error_px"] = float(px[labelled].mean()) if total else None
        usual = share(within(_USUAL), labelled.sum(axis=0))
        mean_px = share(np.nansum(px, axis=0), labelled.sum(axis=0))
        per_class = {
            label: {
                "support": float(labelled[:, k].sum()),
                "pck10": float(usual[k]),
                "mean_error_px": float(mean_px[k]),
            }
            for k, label in enumerate(self._labels)
        }
        limits = np.linspace(0, 0.5, 51)
        heights = [float(within(limit).sum() / total) if total else 0.0 for limit in limits]
        curve = Curve(
            "PCK", "distance, in shares of the object", "share of the points",
            tuple(map(float, limits)), tuple(heights),
        )  # fmt: skip
        return Numbers(metrics, per_class, curves=(curve,))


def _from_array(truth: Any) -> TruePoints:
    if np.ndim(truth) == 0 or (np.size(truth) % 2 and np.ndim(truth) == 1):
        text = f"A truth of {np.shape(truth)} is no list of points. Give x and y of each."
        raise BadTruthError("label unreadable", text)
    values = np.asarray(truth, np.float64).reshape(len(truth), -1)
    if values.shape[1] not in (2, 3):
        values = np.asarray(truth, np.float64).reshape(-1, 2)
    points = values[:, :2]
    labelled = np.asarray(np.isfinite(points).all(axis=1))
    if values.shape[1] == 3:
        labelled &= values[:, 2] > 0
    return TruePoints(points, labelled, None)
