"""The fixture `keras2cv` for the tests of users: two assertions about a bundle.

    def test_the_bundle(keras2cv):
        keras2cv.assert_parity("cat.cv", "cat.keras")
        keras2cv.assert_accuracy("cat.cv", "photos/", accuracy=0.95)

pytest loads this module with every run, so it imports nothing else until the fixture is used.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from keras2cv.evaluation.evaluation_report import Evaluation
    from keras2cv_export.checks.check_report import CheckReport


class BundleAssertions:
    """Assertions about a bundle; each returns its report, for more assertions."""

    def assert_parity(
        self, bundle: str | os.PathLike[str], against: Any, **options: Any
    ) -> CheckReport:
        """Fail unless the bundle predicts what the Keras model predicts.

        Args:
            bundle: Its folder.
            against: The Keras model, or its file.
            **options: Of `keras2cv_export.check`, such as `samples` and `tolerance`.
        """
        from keras2cv_export import check

        report = check(bundle, against=against, **options)
        if report.verdict != "pass":
            reasons = "\n".join(f"  {reason}" for reason in report.reasons)
            pytest.fail(f"{bundle} against {against}: {report.verdict}\n{reasons}", pytrace=False)
        return report

    def assert_accuracy(
        self,
        bundle: str | os.PathLike[str],
        data: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        against: Any = None,
        max_drop: Mapping[str, float] | None = None,
        strict: bool = False,
        options: Mapping[str, Any] | None = None,
        **least: float,
    ) -> Evaluation:
        """Fail unless a bundle's metrics on labelled data keep their bounds.

        Args:
            bundle: Its folder.
            data: As for `keras2cv.evaluate`.
            against: The Keras model, or its file, for `max_drop`.
            max_drop: Metric -> by how much it may be worse than the Keras model's.
            strict: Fail as well if anything is wrong with the data.
            options: More options of `keras2cv.evaluate`.
            **least: Metric -> its smallest value; of an error such as mae, its largest.

        Raises:
            UsageError: There is no such metric, or nothing to compare a drop with.
        """
        import keras2cv
        from keras2cv.errors import UsageError
        from keras2cv.evaluation.evaluation_report import unmet

        drops = max_drop or {}
        if drops and against is None:
            raise UsageError("max_drop compares with the Keras model. Give against=MODEL.")
        found = keras2cv.evaluate(bundle, data, against=against, **(options or {}))
        if unknown := sorted({*least, *drops} - set(found.better)):
            raise UsageError(
                f"There is no metric {unknown[0]!r} of the task {found.task}. Its metrics are "
                f"{', '.join(found.better)}."
            )
        bounds = [("min" if found.better[m] else "max", m, value) for m, value in least.items()]
        bounds += [("max-drop", metric, value) for metric, value in drops.items()]
        wrong = unmet(found, bounds)
        if strict:
            wrong += [problem.text for problem in found.problems.first]
        if wrong:
            lines = "\n".join(f"  {sentence}" for sentence in wrong)
            pytest.fail(
                f"{bundle} on {found.count} samples of {found.data}:\n{lines}", pytrace=False
            )
        return found


@pytest.fixture(scope="session")
def keras2cv() -> BundleAssertions:
    """Give `assert_parity` and `assert_accuracy`."""
    return BundleAssertions()
