"""The task's row in the exporter's table."""

from __future__ import annotations

from typing import Final

from keras2cv_export.tasks.kind import ExportedTask, OneOutput

KIND: Final = ExportedTask(one_output=OneOutput("(N, values)", fits=lambda _: True))
