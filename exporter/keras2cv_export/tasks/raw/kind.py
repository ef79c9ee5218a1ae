"""The task's row in the exporter's table: every output as it is needs no description."""

from __future__ import annotations

from typing import Final

from keras2cv_export.tasks.kind import ExportedTask

KIND: Final = ExportedTask(takes_arrays=True)
