"""Run a bundle's self-test in this Python's OpenCV (the machine's side of `bundles.py`).

Started as a file by Pythons that have cv2, NumPy and a copy of `keras2cv`, and nothing else.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any


def answer(job: Mapping[str, Any], _: Callable[..., None]) -> dict[str, Any]:
    """Return why the bundle at `job["path"]` does not pass; "" if it does."""
    from keras2cv.errors import Keras2cvError
    from keras2cv.loading import load
    from keras2cv.selftest import run_selftest

    warnings.simplefilter("ignore")
    try:
        report = run_selftest(load(job["path"], engine=job["engine"]))
    except Keras2cvError as error:
        return {"reason": " ".join(str(error).split())}
    wrong = [
        f"{row.output} of {row.case}: {row.problem or f'{row.measured:.1e}, {row.limit:g} allowed'}"
        for row in report.rows
        if not row.passed
    ]
    if not report.rows:
        wrong.append("there is nothing to compare")
    return {"reason": "; ".join([*wrong, *report.problems])}
