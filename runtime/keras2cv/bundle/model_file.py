"""The manifest's sections on the net's file: which it is, how it stores weights, its source."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from keras2cv.schema.checks import check_range, check_sha256
from keras2cv.schema.fields import SchemaError, named
from keras2cv.schema.vocabulary import Format, SourceKind, Storage


@dataclass(frozen=True, slots=True)
class Model:
    """The network's file, by its sha256 (64 lower-case hex digits) and size in bytes."""

    file: str
    format: Format
    sha256: str
    size_bytes: str = field(metadata=named("bytes"))  # a string: cv::FileStorage's ints are 32 bit
    batch: int  # samples per run: dimension 0 of every batched tensor
    opencv: str  # the oldest that runs it, "4.6"

    def __post_init__(self) -> None:
        suffix = "onnx" if self.format == "onnx" else "pb"
        if not re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,99}}\.{suffix}", self.file):
            raise SchemaError("file", f"must be a plain name in .{suffix}, got {self.file!r}")
        check_sha256("sha256", self.sha256)
        if not re.fullmatch(r"[1-9][0-9]{0,14}", self.size_bytes):
            raise SchemaError("bytes", f"must be a positive count, got {self.size_bytes!r}")
        check_range("batch", self.batch, 1, 65_536)
        if not re.fullmatch(r"[1-9][0-9]?\.[0-9]{1,2}", self.opencv):
            raise SchemaError("opencv", f"must be a version such as 4.6, got {self.opencv!r}")


@dataclass(frozen=True, slots=True)
class Weights:
    """How large kernels are stored; OpenCV makes float32 of them when it loads the net.

    `kernels`: how many are; `float32_bytes`: the size of the file without it (a string, like
    `Model.size_bytes`); `top1`: share of samples, 0..1, whose first class is TensorFlow's, where
    an output holds classes and was compared.
    """

    storage: Storage
    kernels: int
    float32_bytes: str
    top1: float | None = None

    def __post_init__(self) -> None:
        check_range("kernels", self.kernels, 1, 1_000_000)
        if not re.fullmatch(r"[1-9][0-9]{0,14}", self.float32_bytes):
            raise SchemaError(
                "float32_bytes", f"must be a positive count, got {self.float32_bytes!r}"
            )
        if self.top1 is not None and not 0 <= self.top1 <= 1:
            raise SchemaError("top1", f"must be 0 to 1, got {self.top1}")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """The model that the bundle was made from; no sha256 for a folder or a live model.

    `signature`: which of a SavedModel's several signatures.
    """

    file: str
    kind: SourceKind
    sha256: str | None = None
    signature: str | None = None

    def __post_init__(self) -> None:
        if self.sha256 is not None:
            check_sha256("sha256", self.sha256)
