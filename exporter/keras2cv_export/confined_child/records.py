"""The records of the tasks, which options and reports hold."""

from __future__ import annotations

from itertools import chain

import keras2cv.tasks
import keras2cv_export.tasks
from keras2cv_export.tasks.agreement import PictureAgreement


def task_records() -> set[type[object]]:
    """Import and return the records of all tasks: a reader of plain values imports none."""
    options = (row.options for row in keras2cv_export.tasks.TASKS.values())
    records = (row.record for row in keras2cv.tasks.TASKS.values())
    found = (record for record in chain(options, records) if record is not None)
    return {PictureAgreement, *found}
