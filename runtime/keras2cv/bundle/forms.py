"""The manifest's section on further files of the same net, with which newer OpenCVs are faster."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from keras2cv.bundle.evidence import MAX_RUNS, Run
from keras2cv.schema.checks import check_range, check_sha256
from keras2cv.schema.fields import SchemaError, named
from keras2cv.schema.vocabulary import RunEngine

MAX_FORMS: Final = 10
FORM_FILE: Final = re.compile(r"model\.[1-9][0-9]?\.[0-9]{1,2}\.onnx")


@dataclass(frozen=True, slots=True)
class Form:
    """A file of the same net for OpenCV `opencv` and newer, on the one engine it was verified on.

    It has the inputs and outputs of the bundle's first file, by the same names. `runs` are like
    those of the evidence; a bundle that is not verified has none.
    """

    opencv: str
    engine: RunEngine
    file: str
    sha256: str
    size_bytes: str = field(metadata=named("bytes"))
    runs: tuple[Run, ...] | None = None

    def __post_init__(self) -> None:
        if self.file != form_file(self.opencv) or not FORM_FILE.fullmatch(self.file):
            raise SchemaError("file", f"must be model.<opencv>.onnx, got {self.file!r}")
        check_sha256("sha256", self.sha256)
        if not re.fullmatch(r"[1-9][0-9]{0,14}", self.size_bytes):
            raise SchemaError("bytes", f"must be a positive count, got {self.size_bytes!r}")
        if self.runs is not None:
            check_range("runs (count)", len(self.runs), 1, MAX_RUNS)


def form_file(opencv: str) -> str:
    """Return the name of the file for an OpenCV such as "5.0"."""
    return f"model.{opencv}.onnx"
