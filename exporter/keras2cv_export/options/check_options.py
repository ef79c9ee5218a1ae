"""Every option of a check: one field each, for Python, the command line and the documentation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from keras2cv.cli import values
from keras2cv.errors import UsageError
from keras2cv_export.parity.tolerance import parse_tolerance

from .answers_file import is_answers
from .drawn_samples import require_drawable
from .export_options import ExportOptions, StrPath
from .option import Option, check_types, keep_names, option_called

_PATH: Final = (str, os.PathLike)


def _shared(name: str, **changes: Any) -> dict[str, Option]:
    """Return the metadata of an option that an export has too, with `changes`."""
    return replace(option_called(ExportOptions, name).option, **changes).as_metadata()


@dataclass(frozen=True)
class CheckOptions:
    """The bundle and the model to compare, and the settings of the comparison.

    Raises:
        UsageError: A value is of another type, or contradicts another.
    """

    bundle: StrPath = field(
        metadata=Option(
            help="a folder made by export", flags=("BUNDLE",), read=Path, accepts=_PATH
        ).as_metadata()
    )
    against: Any = field(
        metadata=Option(
            help="a .keras, .h5 or .onnx file, a SavedModel folder, or an .npz file of inputs and "
            "outputs by name",
            flags=("--against",),
            metavar="MODEL",
            read=Path,
            python="Or a keras.Model.",
        ).as_metadata()
    )
    _: KW_ONLY
    samples: StrPath | int | None = field(default=None, metadata=_shared("samples"))
    power: str | None = field(default=None, metadata=_shared("power"))
    tolerance: str | Sequence[str] | None = field(
        default=None, metadata=_shared("tolerance", python="")
    )
    engine: str | None = field(
        default=None,
        metadata=Option(
            help="the engine of OpenCV",
            flags=("--engine",),
            choices=("new", "classic"),
            accepts=(str,),
            default="each engine that was verified",
        ).as_metadata(),
    )
    unsafe: bool = field(default=False, metadata=_shared("unsafe"))
    imports: Sequence[str] = field(default=(), metadata=_shared("imports"))
    reference_resize: str | None = field(
        default=None,
        metadata=Option(
            help="how pictures were resized in training: keras (load_img), tf (tf.image.resize), "
            "tf-antialias, pil-bilinear, letterbox:tf:114, ...",
            flags=("--reference-resize",),
            metavar="[RULE:]METHOD[:PAD]",
            accepts=(str,),
            default="the model's own library's; else the bundle's, not compared",
        ).as_metadata(),
    )
    reference_preprocess: StrPath | None = field(
        default=None,
        metadata=Option(
            help="how pixels were scaled in training: none, 0-1, tf, torch, caffe or a file",
            flags=("--reference-preprocess",),
            metavar="PRESET|FILE.json",
            accepts=_PATH,
            default="the model's own layer's, else the export's preset",
        ).as_metadata(),
    )
    reference_fn: str | None = field(
        default=None,
        metadata=Option(
            help="your function from a picture's path to the model's input, instead of both",
            flags=("--reference-fn",),
            metavar="MODULE:FUNCTION",
            accepts=(str,),
        ).as_metadata(),
    )
    reference_answers: Any = field(
        default=None,
        metadata=Option(
            help="your own pipeline: a function from a picture's path to its answer, or a file of "
            "answers by the pictures' names",
            flags=("--reference-answers",),
            metavar="MODULE:FUNCTION|FILE.json",
            python="Or the function itself, or a mapping.",
            accepts=(Callable, Mapping, *_PATH),  # type: ignore[arg-type]
            default="the model's library, where it says how answers are made",
        ).as_metadata(),
    )
    reference_timeout: float | None = field(
        default=None,
        metadata=Option(
            help="seconds that the function of --reference-answers may take for a picture",
            flags=("--reference-timeout",),
            metavar="S",
            read=values.above_zero,
            accepts=(float, int),
            default="60",
        ).as_metadata(),
    )
    labels: Sequence[str] | StrPath | None = field(
        default=None,
        metadata=Option(
            help="compare the bundle's labels with those in FILE, one per line",
            flags=("--labels",),
            metavar="FILE",
            accepts=(Iterable, *_PATH),
            python="Or the names themselves.",
        ).as_metadata(),
    )
    speed: bool = field(
        default=False,
        metadata=Option(
            help="skip the timing",
            flags=("--no-speed",),
            command_default=True,
            accepts=(bool,),
            python="True: time `predict` against TensorFlow as well, which takes some seconds.",
        ).as_metadata(),
    )
    max_ratio: float | None = field(
        default=None,
        metadata=Option(
            help="fail if predict takes more than R times TensorFlow's time",
            flags=("--max-ratio",),
            metavar="R",
            read=values.above_zero,
            accepts=(float, int),
        ).as_metadata(),
    )
    bisect: bool = field(
        default=False,
        metadata=Option(
            help="find the first layer whose output is wrong, and whose fault that is",
            flags=("--bisect",),
            accepts=(bool,),
        ).as_metadata(),
    )
    repro: StrPath | None = field(
        default=None,
        metadata=Option(
            help="with --bisect: write a reproduction for a bug report, which needs OpenCV alone",
            flags=("--repro",),
            metavar="DIR",
            read=Path,
            accepts=_PATH,
        ).as_metadata(),
    )
    progress: Callable[[str], None] = field(default=lambda _: None, metadata=_shared("progress"))

    def __post_init__(self) -> None:
        check_types(self)
        keep_names(self, "labels")
        if self.max_ratio is not None and not self.speed:
            raise UsageError(
                "--max-ratio needs the timing. Drop --no-speed; from Python, add speed=True."
            )
        if self.max_ratio is not None and is_answers(self.against):
            raise UsageError(
                "--max-ratio needs a model to time, and answers from a file have no speed. Give "
                "the model, or leave it out."
            )
        if self.reference_timeout is not None and self.reference_answers is None:
            raise UsageError("--reference-timeout is for --reference-answers. Give both.")
        if self.repro is not None and not self.bisect:
            raise UsageError("--repro writes what --bisect finds. Add --bisect.")
        if self.tolerance is not None:
            parse_tolerance(self.tolerance)
        require_drawable(self.samples, self.power)

    @property
    def runs_own_pipeline(self) -> bool:
        """Whether the user's own functions run, which may write and download as they always do."""
        from keras2cv_export.answers.reference_answers import is_answers_file

        answers = self.reference_answers
        own = isinstance(answers, Callable) or (  # type: ignore[arg-type]
            isinstance(answers, str | os.PathLike) and not is_answers_file(answers)
        )
        return self.reference_fn is not None or own
