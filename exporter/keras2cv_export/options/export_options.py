"""Every option of an export, a field each, for Python, the command line and the documentation."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from numbers import Integral
from pathlib import Path
from typing import Any, Final, TypeAlias, get_args

from keras2cv.cli import values
from keras2cv.errors import UsageError
from keras2cv.schema.vocabulary import INTERPOLATIONS, RESIZE_RULES, TASK_NAMES, Format
from keras2cv_export.parity.tolerance import parted
from keras2cv_export.storage.storages import STORAGES, require_decodable
from keras2cv_export.targets.target import Target

from .drawn_samples import path_or_count, require_drawable
from .form_names import form_names, require_formable
from .named_choices import preprocess_option, require_pictures_options
from .option import Option, check_choices, check_types, keep_names
from .shapes import input_shapes

Shapes: TypeAlias = Mapping[str, Sequence[int]] | Sequence[int] | None
StrPath: TypeAlias = str | os.PathLike[str]

MEANING: Final = "input and output"
NET: Final = "the net"
FORMATS: Final[tuple[str, ...]] = get_args(Format)
# The tasks whose outputs a user describes, each by an option of its name.
DESCRIBED_TASKS: Final = ("detect", "segment", "keypoints", "image", "text")
_PATH: Final = (str, os.PathLike)


@dataclass(frozen=True)
class ExportOptions:
    """The model to export, the bundle to write, and the settings of the export.

    Raises:
        UsageError: A value is of another type, none of the choices, or contradicts another.
    """

    model: Any = field(
        metadata=Option(
            help="a .keras or .h5 file, a SavedModel folder, or an .onnx file",
            flags=("MODEL",),
            read=Path,
            python="Or a keras.Model.",
        ).as_metadata()
    )
    bundle: StrPath = field(
        metadata=Option(
            help="the folder to write; an earlier bundle there is kept until the new one passes",
            flags=("-o", "--output"),
            metavar="BUNDLE",
            read=Path,
            accepts=_PATH,
        ).as_metadata()
    )
    _: KW_ONLY
    format: str = field(
        default="onnx",
        metadata=Option(
            help="the format of the net's file; frozen: a TensorFlow graph for code that calls "
            "readNetFromTensorflow, which runs fewer models",
            flags=("--format",),
            choices=FORMATS,
            group=NET,
            accepts=(str,),
        ).as_metadata(),
    )
    opencv: str | None = field(
        default=None,
        metadata=Option(
            help="the oldest OpenCV that the bundle must run on, such as 4.8; the export fails "
            "if that one or a newer one cannot run it",
            flags=("--opencv",),
            metavar="VERSION",
            group=NET,
            accepts=(str,),
            default="4.6, and every newer one",
            python="A newer one needs fewer rewrites of the graph.",
        ).as_metadata(),
    )
    forms: str | Sequence[str] | None = field(
        default=None,
        metadata=Option(
            help="the files of the net in the bundle: portable, or portable,5.0 for a second one "
            "that OpenCV 5.0 and newer are faster with; `load` takes the right one",
            flags=("--forms",),
            metavar="NAMES",
            group=NET,
            accepts=(str, Sequence),
            default="both where the second is estimated to save a tenth of the time and is at "
            "most 134 MB; else portable",
        ).as_metadata(),
    )
    engine: str | None = field(
        default=None,
        metadata=Option(
            help="the engine of OpenCV to verify the bundle on",
            flags=("--engine",),
            choices=("new", "classic", "auto"),
            group=NET,
            convert=lambda engine: None if engine == "auto" else engine,
            accepts=(str,),
            default="auto, each engine of the installed OpenCV",
        ).as_metadata(),
    )
    input_shapes: Shapes = field(
        default=None,
        metadata=Option(
            help="sizes for the open dimensions of an input, such as NAME:1,224,224,3; "
            "without NAME if there is one input",
            flags=("--input-shape",),
            metavar="SHAPE",
            group=NET,
            read=values.input_shape,
            convert=input_shapes,
            repeated=True,
            accepts=(Mapping, Sequence),
            python="A map from input names to shapes with the batch, or one shape.",
        ).as_metadata(),
    )
    signature: str | None = field(
        default=None,
        metadata=Option(
            help="which of a SavedModel's signatures to export; the others are listed when one "
            "is taken",
            flags=("--signature",),
            metavar="NAME",
            group=NET,
            accepts=(str,),
            default="serving_default, or the only one that takes numbers",
        ).as_metadata(),
    )
    batch: int = field(
        default=1,
        metadata=Option(
            help="number of samples in one run of the net",
            flags=("--batch",),
            metavar="N",
            group=NET,
            read=values.positive,
            accepts=(int,),
            least=1,
            python="`predict` takes any number of samples, whatever the batch.",
        ).as_metadata(),
    )
    task: str | None = field(
        default=None,
        metadata=Option(
            help="the meaning of the outputs",
            flags=("--task",),
            choices=TASK_NAMES,
            group=MEANING,
            accepts=(str,),
            default="recognised by the last layer",
        ).as_metadata(),
    )
    labels: Sequence[str] | StrPath | None = field(
        default=None,
        metadata=Option(
            help="the names of the classes: a UTF-8 text file with one per line",
            flags=("--labels",),
            metavar="FILE",
            group=MEANING,
            read=Path,
            accepts=(Iterable, *_PATH),
            python="Or the names themselves.",
        ).as_metadata(),
    )
    preprocess: Any = field(
        default=None,
        metadata=Option(
            help="how pixels are scaled for the input: none (0..255), 0-1 (x/255), tf (-1..1), "
            "torch or caffe (as in keras.applications), or a FILE.json with color, mean, scale "
            "and std; of several images: P for all, or NAME=P for each",
            flags=("--preprocess",),
            metavar="P",
            group=MEANING,
            convert=preprocess_option,
            repeated=True,
            accepts=(Mapping, *_PATH),
            default="recognised in the model; an error if it is not",
            python="Or a map from the images' input names to one of these.",
        ).as_metadata(),
    )
    depth: int | None = field(
        default=None,
        metadata=Option(
            help="bits of a channel that the model was trained on; 16: images are taken whole, "
            "and 0-1 is x/65535",
            flags=("--depth",),
            metavar="8|16",
            group=MEANING,
            read=values.positive,
            accepts=(int,),
            default="8",
        ).as_metadata(),
    )
    window: int | None = field(
        default=None,
        metadata=Option(
            help="of a model of clips (N, T, H, W, C): the frames of one, an error if the model "
            "takes another number",
            flags=("--window",),
            metavar="T",
            group=MEANING,
            read=values.positive,
            accepts=(int,),
            least=1,
            default="the input's own",
        ).as_metadata(),
    )
    stride: int | None = field(
        default=None,
        metadata=Option(
            help="of clips: how many frames of the video one of their frames is after the other",
            flags=("--stride",),
            metavar="N",
            group=MEANING,
            read=values.positive,
            accepts=(int,),
            least=1,
            default="1",
        ).as_metadata(),
    )
    hop: int | None = field(
        default=None,
        metadata=Option(
            help="of clips: how many frames of the video the next one begins after this one",
            flags=("--hop",),
            metavar="N",
            group=MEANING,
            read=values.positive,
            accepts=(int,),
            least=1,
            default="as many as a clip covers: window times stride",
        ).as_metadata(),
    )
    resize: str | None = field(
        default=None,
        metadata=Option(
            help="how an image is brought to the input's size",
            flags=("--resize",),
            choices=RESIZE_RULES,
            group=MEANING,
            accepts=(str,),
            default="stretch",
        ).as_metadata(),
    )
    size: tuple[int, int] | None = field(
        default=None,
        metadata=Option(
            help="width and height of the input, an error if the model has another size",
            flags=("--size",),
            metavar="WxH",
            group=MEANING,
            read=values.size_wh,
            accepts=(Sequence,),
            default="the input's own",
        ).as_metadata(),
    )
    interpolation: str | None = field(
        default=None,
        metadata=Option(
            help="the filter of the resize: linear, area, cubic, ... are cv2's; tf-bilinear, "
            "pil-bicubic, ... repeat another library's",
            flags=("--interpolation",),
            metavar="NAME",
            group=MEANING,
            accepts=(str,),
            default="linear",
        ).as_metadata(),
    )
    transpose_image: bool = field(
        default=False,
        metadata=Option(
            help="the model reads the resized image transposed, its rows as columns, as "
            "Keras' OCR example does; the size is the upright image's",
            flags=("--transpose-image",),
            group=MEANING,
            accepts=(bool,),
        ).as_metadata(),
    )
    detect: Any = field(
        default=None,
        metadata=Option(
            help="for the task detect: the role of each output, and the meaning of its numbers"
        ).as_metadata(),
    )
    segment: Any = field(
        default=None, metadata=Option(help="for the task segment: the same").as_metadata()
    )
    keypoints: Any = field(
        default=None, metadata=Option(help="for the task keypoints: the same").as_metadata()
    )
    image: Any = field(
        default=None,
        metadata=Option(
            help="for the task image, whose output is an image: the same"
        ).as_metadata(),
    )
    text: Any = field(
        default=None,
        metadata=Option(
            help="for the task text: the charset, the blank, and how to decode"
        ).as_metadata(),
    )
    samples: StrPath | int | None = field(
        default=None,
        metadata=Option(
            help="the samples to compare on: an .npz or .npy file, or a folder of images; "
            "a number N: so many drawn ones",
            flags=("--samples",),
            metavar="PATH|N",
            read=path_or_count,
            accepts=(int, *_PATH),
            default="drawn at random",
        ).as_metadata(),
    )
    power: str | None = field(
        default=None,
        metadata=Option(
            help="draw as many samples as find a fault that a SHARE of inputs shows with the "
            "probability P, such as 0.99:0.01",
            flags=("--power",),
            metavar="P:SHARE",
            accepts=(str,),
        ).as_metadata(),
    )
    against: StrPath | None = field(
        default=None,
        metadata=Option(
            help="for an .onnx file: its own answers to compare with, the arrays of its inputs and "
            "outputs by name",
            flags=("--against",),
            metavar="ANSWERS.npz",
            read=Path,
            accepts=_PATH,
            default="ONNX Runtime's, where it is installed",
        ).as_metadata(),
    )
    tolerance: str | Sequence[str] | None = field(
        default=None,
        metadata=Option(
            help="how far OpenCV's outputs may be from TensorFlow's: strict, fp32, fp16, "
            "fp16-weights, int8-weights, or OUTPUT:VALUE, relative to the output's largest value",
            flags=("--tolerance",),
            metavar="T",
            read=values.tolerance,
            convert=lambda given: given or None,
            repeated=True,
            accepts=(str, Sequence),
            default="fp32, or the one for --weights",
            python="fp16-weights and int8-weights are for the stored file; the others are for the "
            "graph with float32 weights.",
        ).as_metadata(),
    )
    weights: str = field(
        default="fp32",
        metadata=Option(
            help="how the file stores large kernels: fp16 takes half the size, int8 a quarter, and "
            "both need OpenCV 4.7; the loss of accuracy is measured and reported",
            flags=("--weights",),
            choices=STORAGES,
            group=NET,
            accepts=(str,),
            python="The graph must pass with float32 weights first.",
        ).as_metadata(),
    )
    tune: bool = field(
        default=False,
        metadata=Option(
            help="time the engines, threads and options that predict the same on this machine, and "
            "record the fastest in the bundle",
            flags=("--tune",),
            group=NET,
            accepts=(bool,),
            python="`keras2cv.load` then uses it.",
        ).as_metadata(),
    )
    unsafe: bool = field(
        default=False,
        metadata=Option(
            help="allow a model that runs code of its own, or reads and writes files",
            flags=("--unsafe",),
            accepts=(bool,),
        ).as_metadata(),
    )
    check: bool = field(
        default=True,
        metadata=Option(
            help="do not compare with TensorFlow; the bundle is marked `unverified`",
            flags=("--no-check",),
            accepts=(bool,),
        ).as_metadata(),
    )
    imports: Sequence[str] = field(
        default=(),
        metadata=Option(
            help="first import your module that registers custom layers",
            flags=("--import",),
            metavar="MODULE",
            convert=tuple,
            repeated=True,
            accepts=(Sequence,),
        ).as_metadata(),
    )
    progress: Callable[[str], None] = field(
        default=lambda _: None,
        metadata=Option(
            help="called with a few words before each step",
            accepts=(Callable,),  # type: ignore[arg-type]
        ).as_metadata(),
    )

    def __post_init__(self) -> None:
        check_types(self)
        keep_names(self, "labels")
        if self.tune and not self.check:
            raise UsageError(
                "Tuning keeps to settings that predict the same, so it needs the comparison. "
                "Drop one."
            )
        check_choices(self, ("format", "task", "resize"))
        _require_interpolation(self.interpolation)
        _require_size(self.size)
        require_pictures_options(self.preprocess, self.depth)
        require_decodable(self.weights, self.target, self.format)
        parted(self.tolerance, self.weights)
        require_drawable(self.samples, self.power)
        if self.forms is not None:
            object.__setattr__(self, "forms", form_names(self.forms))
            require_formable(self)

    @property
    def may_have_forms(self) -> bool:
        """Whether a second form may be added unasked: nothing says what one file is to be."""
        asked = self.opencv is not None or self.wanted_engine is not None
        plain = self.format == "onnx" and self.weights == "fp32"
        return self.forms is None and self.check and plain and not self.tune and not asked

    @property
    def wanted_engine(self) -> str | None:
        """The engine to verify on; None: each that the installed OpenCV has."""
        return None if self.engine == "auto" else self.engine

    @property
    def target(self) -> Target:
        """The OpenCV that the file is made for.

        Raises:
            UsageError: there is no such version.
        """
        return Target.parse(self.opencv, self.wanted_engine)


def _require_interpolation(name: str | None) -> None:
    if name is not None and name not in INTERPOLATIONS:
        raise UsageError(
            f"There is no interpolation {name!r}. Choose one of {', '.join(INTERPOLATIONS)}."
        )


def _require_size(size: Sequence[int] | None) -> None:
    if size is None or (
        len(size) == 2 and all(isinstance(one, Integral) and one > 0 for one in size)
    ):
        return
    raise UsageError(
        f"The option size must be (width, height) in whole pixels, and is {size!r}. Leave it out: "
        "the input's own size is taken."
    )
