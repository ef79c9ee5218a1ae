"""What a bundle says about itself: `manifest.json` as frozen records that check themselves.

    Manifest
    |-- model           Model            which file, whole and unaltered
    |-- inputs          InputTensor...   Keras' name and shape beside the net's
    |-- outputs         OutputTensor...  in keras.tree.flatten order
    |-- preprocessing   Preprocessing    from an image to the input; absent: arrays only
    |-- tail            Tail             what is done after the net; absent: nothing
    |-- task            Task             what the outputs mean
    |-- engine          Engine           what it was verified with
    |-- evidence        Evidence         how well, on what; absent: unverified
    |-- tuned           Tuned            the fastest way to run it, measured; absent: OpenCV's own
    |-- weights         Weights          how the file stores them; absent: as float32
    `-- source          Source           which model it was made from

`Manifest.from_json` and `Manifest.to_json` are the only ways in and out; every problem is a
`BundleError` naming the JSON path.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final, Literal, TypeAlias, get_args

from keras2cv.numpy_tail.step import MAX_STEPS, Step
from keras2cv.pixels.resize import INTERPOLATIONS
from keras2cv.schema.fields import SchemaError, decode, encode, format_json, named, parse_json
from keras2cv.tasks.image_roles import Picture, Points
from keras2cv.tasks.roles import Detect, Segment

SCHEMA: Final = 1
MAX_RANK: Final = 8
MAX_ELEMENTS: Final = 2**31 - 1
MAX_TENSORS: Final = 1000
MAX_RUNS: Final = 1000  # of the evidence, and of the versions in it
MAX_REWRITES: Final = 100
MAX_NETS: Final = 64  # at a time: each holds the weights
MAX_LABELS: Final = 100_000
MAX_IMAGE_SIDE: Final = 16_384  # pixels; larger inputs are a mistake before they are a model

Status = Literal["verified", "unverified"]
Format = Literal["onnx", "frozen"]
Layout = Literal["same", "NCW", "NCHW", "NCDHW"]
DType = Literal[
    "bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
    "float16", "float32", "float64",
]  # fmt: skip
Color = Literal["RGB", "BGR", "GRAY"]
ResizeRule = Literal["stretch", "letterbox", "center-crop", "pad"]
Kind = Literal[
    "classify", "binary", "regress", "embed", "raw", "detect", "segment", "keypoints", "image"
]
Scores = Literal["softmax", "logits", "sigmoid", "linear"]
EngineName = Literal["any", "new", "classic"]
RunEngine = Literal["new", "classic"]
SourceKind = Literal["keras", "h5", "savedmodel", "live"]
Storage = Literal["fp16", "int8"]

LAYOUT_RANK: Final[Mapping[str, int]] = {"NCW": 3, "NCHW": 4, "NCDHW": 5}
SCORES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "classify": ("softmax", "logits", "sigmoid", "linear"),
    "binary": ("sigmoid", "logits"),
    "regress": (),
    "embed": (),
    "raw": (),
    "detect": (),
    "segment": (),
    "keypoints": (),
    "image": (),
}
RECORDS: Final = ("detect", "segment", "keypoints", "image")  # kinds with a record of their own
# Kinds that read not one output: what else they read, for the message.
_READS: Final[Mapping[str, str]] = {
    "raw": "it returns them all",
    "detect": "task.detect names them",
    "segment": "task.segment names it",
    "keypoints": "task.keypoints names it",
    "image": "task.image names it",
}
Record: TypeAlias = Detect | Segment | Points | Picture


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
        _check_sha256("sha256", self.sha256)
        if not re.fullmatch(r"[1-9][0-9]{0,14}", self.size_bytes):
            raise SchemaError("bytes", f"must be a positive count, got {self.size_bytes!r}")
        _check_range("batch", self.batch, 1, 65_536)
        if not re.fullmatch(r"[1-9][0-9]?\.[0-9]{1,2}", self.opencv):
            raise SchemaError("opencv", f"must be a version such as 4.6, got {self.opencv!r}")


@dataclass(frozen=True, slots=True)
class InputTensor:
    """One input, as Keras sees it and as the net does; dimension 0 of both is the batch.

    `layout` relates the shapes: "same", or the net's axis order where Keras' is channels-last.
    The net itself takes float32; `dtype` is Keras'.
    """

    name: str
    net_name: str
    keras_shape: tuple[int, ...]
    net_shape: tuple[int, ...]
    layout: Layout
    dtype: DType

    def __post_init__(self) -> None:
        _check_tensor(self)
        if not self.keras_shape:
            raise SchemaError("keras_shape", "must have a batch dimension, got []")


@dataclass(frozen=True, slots=True)
class OutputTensor:
    """One output; with `batched` false it has no batch dimension and is the same for every call."""

    name: str
    net_name: str
    keras_shape: tuple[int, ...]
    net_shape: tuple[int, ...]
    layout: Layout
    dtype: DType
    batched: bool

    def __post_init__(self) -> None:
        _check_tensor(self)

    @property
    def sample_size(self) -> int:
        """How many values the output holds for one sample."""
        return prod(self.keras_shape[1:] if self.batched else self.keras_shape)


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of the model that OpenCV has nothing for, as steps of NumPy after the net.

    `heads`: outputs of the net that only the steps read, by `name`. An output of the model whose
    `net_name` is an output of a step is made there; the others are the net's own.
    """

    heads: tuple[OutputTensor, ...]
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        _check_tensors("heads", self.heads)
        _check_unique("heads", "net_name", [head.net_name for head in self.heads])
        _check_range("steps (count)", len(self.steps), 1, MAX_STEPS)
        known = {head.name for head in self.heads}
        for number, step in enumerate(self.steps):
            for key, names, legal in (
                ("inputs", step.inputs, known),
                ("outputs", step.outputs, None),
            ):
                wrong = [n for n in names if (n not in legal if legal else n in known or not n)]
                if wrong:
                    problem = "is made by no head or step before" if legal else "is there already"
                    raise SchemaError(f"steps[{number}].{key}", f"{wrong[0]!r} {problem}")
            _check_unique(f"steps[{number}].outputs", "name", list(step.outputs))
            known |= set(step.outputs)
        if taken := [h.net_name for h in self.heads if h.net_name in self.made]:
            raise SchemaError("heads", f"a step makes {taken[0]!r}, too")

    @property
    def made(self) -> frozenset[str]:
        """The names of all arrays that the steps make."""
        return frozenset(name for step in self.steps for name in step.outputs)


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """From an image to the input: blob = (pixel - mean) * scale / std, after the resize.

    `mean` is in pixel units (0..255); `mean` and `std` have one value per channel, in `color`
    order. `size_wh` is (width, height) in pixels; `pad` the bars' colour, 0..255.
    """

    input: str
    color: Color
    size_wh: tuple[int, ...] = field(metadata=named("size"))
    resize: ResizeRule
    interpolation: str
    mean: tuple[float, ...]
    scale: float
    std: tuple[float, ...]
    source: str  # where these facts came from, for people: "preset tf", "in the model", "file"
    pad: int | None = None

    def __post_init__(self) -> None:
        if len(self.size_wh) != 2:
            raise SchemaError("size", f"must be [width, height], got {list(self.size_wh)}")
        for side in self.size_wh:
            _check_range("size", side, 1, MAX_IMAGE_SIDE)
        for key, values in (("mean", self.mean), ("std", self.std)):
            if len(values) != self.channels:
                raise SchemaError(key, f"{self.color} needs {self.channels}, got {len(values)}")
        if self.scale == 0 or 0 in self.std:
            raise SchemaError("scale" if self.scale == 0 else "std", "must not be zero")
        if self.interpolation not in INTERPOLATIONS:
            raise SchemaError("interpolation", f"there is no {self.interpolation!r}")
        if (self.pad is not None) != (self.resize in ("letterbox", "pad")):
            raise SchemaError("pad", "belongs to resize letterbox and pad, and to no other rule")
        _check_range("pad", self.pad or 0, 0, 255)

    @property
    def channels(self) -> int:
        """1 for GRAY, else 3."""
        return 1 if self.color == "GRAY" else 3


@dataclass(frozen=True, slots=True)
class Task:
    """What the outputs mean.

    `scores` says what the values of `output` are: "softmax" (probabilities of one of many),
    "logits" (before softmax or sigmoid), "sigmoid" (independent probabilities), "linear"
    (neither: reported as they are). `labels`: one per class; for binary [negative, positive] or
    [positive]. The kinds that answer in pixels have a record of their own instead.
    """

    kind: Kind
    output: str | None = None
    scores: Scores | None = None
    labels: tuple[str, ...] | None = None
    detect: Detect | None = None
    segment: Segment | None = None
    keypoints: Points | None = None
    image: Picture | None = None

    def __post_init__(self) -> None:
        if (self.output is None) != (self.kind in _READS):
            raise SchemaError("output", f"a {self.kind} task needs {self._output_rule()}")
        for key in RECORDS:
            if (getattr(self, key) is not None) != (self.kind == key):
                raise SchemaError(key, f"belongs to the kind {key}, and to no other")
        legal = SCORES_OF[self.kind]
        if (self.scores or "none") not in (legal or ("none",)):
            raise SchemaError(
                "scores", f"{self.kind} has {' or '.join(legal) or 'none'}, got {self.scores}"
            )
        if self.labels is not None and not 1 <= len(self.labels) <= MAX_LABELS:
            raise SchemaError("labels", f"must be 1 to {MAX_LABELS}, got {len(self.labels)}")

    def _output_rule(self) -> str:
        return f"no output: {_READS[self.kind]}" if self.kind in _READS else "the output it reads"

    @property
    def record(self) -> Record | None:
        """What the kinds that answer in pixels say about their outputs."""
        return self.detect or self.segment or self.keypoints or self.image

    @property
    def roles(self) -> dict[str, str]:
        """The outputs that the task reads: the JSON path of the key that names it -> Keras name."""
        if self.record is not None:
            return {f"{self.kind}.{role}": name for role, name in self.record.outputs.items()}
        return {} if self.output is None else {"output": self.output}

    def check_outputs(self, outputs: Mapping[str, OutputTensor]) -> None:
        """Raise if `outputs`, one for each of `roles`, cannot be read so."""
        if self.record is not None:
            self._check_record(self.record, outputs)
        elif self.output is not None:
            self._check_output(outputs["output"])

    def _check_record(self, record: Record, outputs: Mapping[str, OutputTensor]) -> None:
        for path, tensor in outputs.items():
            if not tensor.batched and not path.endswith(".classes"):  # class numbers may be fixed
                raise SchemaError(f"task.{path}", f"{tensor.name} does not depend on the batch")
        shapes = {p.rpartition(".")[2]: t.keras_shape[t.batched :] for p, t in outputs.items()}
        try:
            classes = record.count_classes(shapes)
        except SchemaError as error:
            raise SchemaError(f"task.{self.kind}.{error.path}", error.problem) from error
        if self.labels is not None and self.kind == "image":
            raise SchemaError("task.labels", "an image has no classes to name")
        if self.labels is not None and classes not in (None, len(self.labels)):
            raise SchemaError("task.labels", f"must be {classes}, got {len(self.labels)}")

    def _check_output(self, output: OutputTensor) -> None:
        if not output.batched:
            raise SchemaError("task.output", f"{output.name} does not depend on the batch")
        if self.kind == "binary" and output.sample_size != 1:
            raise SchemaError("task.output", f"binary needs 1 value, got {output.sample_size}")
        if self.labels is None:
            return
        if self.kind == "embed":
            raise SchemaError("task.labels", "the numbers of an embedding have no names")
        legal = (1, 2) if self.kind == "binary" else (output.sample_size,)
        if len(self.labels) not in legal:
            wanted = " or ".join(map(str, legal))
            raise SchemaError("task.labels", f"must be {wanted}, got {len(self.labels)}")


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine that was verified ("any": each one, OpenCV's choice), and its two options."""

    name: EngineName
    fusion: bool
    winograd: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """How far one output was from TensorFlow's, and how far it may be."""

    name: str
    metric: str
    limit: float
    measured: float


@dataclass(frozen=True, slots=True)
class Run:
    """One OpenCV (version and engine) on which every output was measured."""

    opencv: str
    engine: RunEngine
    outputs: tuple[Measured, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why the bundle is believed: the runs that passed, and the versions they were made with."""

    tolerance: str
    samples: int
    verdict: Literal["pass"]
    runs: tuple[Run, ...]
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        _check_range("samples", self.samples, 1, 1_000_000)
        if not self.runs:
            raise SchemaError("runs", "must hold at least one run")
        _check_range("runs (count)", len(self.runs), 1, MAX_RUNS)
        _check_range("versions (count)", len(self.versions), 0, MAX_RUNS)


@dataclass(frozen=True, slots=True)
class Weights:
    """How large kernels are stored; OpenCV makes float32 of them when it loads the net.

    `kernels`: how many are; `float32_bytes`: what the file would take without (a string, like
    `Model.size_bytes`); `top1`: share of samples, 0..1, whose first class is TensorFlow's, where
    an output holds classes and was compared.
    """

    storage: Storage
    kernels: int
    float32_bytes: str
    top1: float | None = None

    def __post_init__(self) -> None:
        _check_range("kernels", self.kernels, 1, 1_000_000)
        if not re.fullmatch(r"[1-9][0-9]{0,14}", self.float32_bytes):
            raise SchemaError(
                "float32_bytes", f"must be a positive count, got {self.float32_bytes!r}"
            )
        if self.top1 is not None and not 0 <= self.top1 <= 1:
            raise SchemaError("top1", f"must be 0 to 1, got {self.top1}")


@dataclass(frozen=True, slots=True)
class Trial:
    """One way to run the net, and how long that took: `ratio` of the first trial's time.

    `high` is the upper end of the ratio's 95 % interval. A way that was `refused`, with the
    reason, was not timed. `rewrites`: those that are optional and that its file had; the file that
    ships is that of the trial that was chosen.
    """

    engine: RunEngine
    threads: int
    fusion: bool
    winograd: bool
    median_ms: float | None = None
    ratio: float | None = None
    high: float | None = None
    refused: str | None = None
    rewrites: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _check_range("threads", self.threads, 1, 65_536)
        _check_rewrites(self.rewrites or ())
        _check_times("median_ms", (self.median_ms, self.ratio, self.high), self.refused)

    def __str__(self) -> str:
        off = [name for name in ("fusion", "winograd") if not getattr(self, name)]
        without = f", without {' and '.join(off)}" if off else ""
        plural = "" if self.threads == 1 else "s"
        return f"{self.engine} engine, {self.threads} thread{plural}{without}"


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast many samples are answered: by so many nets at a time, with so many in a run.

    `sample_ms` is the time divided by the samples, `ratio` that of the first rate's; `high` and
    `refused` are as in `Trial`.
    """

    nets: int
    threads: int
    batch: int
    sample_ms: float | None = None
    ratio: float | None = None
    high: float | None = None
    refused: str | None = None

    def __post_init__(self) -> None:
        _check_range("nets", self.nets, 1, MAX_NETS)
        _check_range("threads", self.threads, 1, 65_536)
        _check_range("batch", self.batch, 1, 65_536)
        _check_times("sample_ms", (self.sample_ms, self.ratio, self.high), self.refused)

    def __str__(self) -> str:
        nets, threads = ("" if n == 1 else "s" for n in (self.nets, self.threads))
        return (
            f"{self.nets} net{nets} on {self.threads} thread{threads}, "
            f"{self.batch} sample{'' if self.batch == 1 else 's'} a run"
        )


@dataclass(frozen=True, slots=True)
class Tuned:
    """What `export --tune` measured, and chose: the number of one of the `trials`.

    It holds for that OpenCV on that many processor cores. The first trial is OpenCV's own way.
    `rates` are for many samples, in the way that was chosen, the first one with the bundle's own
    batch; `rate` is the number of the fastest.
    """

    opencv: str
    machine: str
    cores: int
    chosen: int
    trials: tuple[Trial, ...]
    rates: tuple[Rate, ...] | None = None
    rate: int | None = None

    def __post_init__(self) -> None:
        _check_range("cores", self.cores, 1, 65_536)
        _check_range("trials (count)", len(self.trials), 1, 1000)
        _check_range("chosen", self.chosen, 0, len(self.trials) - 1)
        if self.choice.ratio is None:
            raise SchemaError("chosen", "must be a trial that was timed")
        if (self.rates is None) != (self.rate is None):
            raise SchemaError("rate", "belongs to rates, and they to it")
        if self.rates is not None and self.rate is not None:
            _check_range("rates (count)", len(self.rates), 1, 1000)
            _check_range("rate", self.rate, 0, len(self.rates) - 1)
            if self.rates[self.rate].ratio is None:
                raise SchemaError("rate", "must be one that was timed")

    @property
    def fastest(self) -> Rate | None:
        """How many samples are answered the fastest; None: that was not measured."""
        return None if self.rates is None or self.rate is None else self.rates[self.rate]

    @property
    def choice(self) -> Trial:
        """The trial that was chosen."""
        return self.trials[self.chosen]


@dataclass(frozen=True, slots=True)
class Source:
    """The model that the bundle was made from; no sha256 for a folder or a live model."""

    file: str
    kind: SourceKind
    sha256: str | None = None

    def __post_init__(self) -> None:
        if self.sha256 is not None:
            _check_sha256("sha256", self.sha256)


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of `manifest.json`."""

    schema: int
    status: Status
    model: Model
    inputs: tuple[InputTensor, ...]
    outputs: tuple[OutputTensor, ...]
    task: Task
    engine: Engine
    source: Source
    preprocessing: Preprocessing | None = None
    evidence: Evidence | None = None
    tail: Tail | None = None
    weights: Weights | None = None
    tuned: Tuned | None = None

    def __post_init__(self) -> None:
        _check_range("schema", self.schema, SCHEMA, SCHEMA)
        _check_tensors("inputs", self.inputs)
        _check_tensors("outputs", self.outputs)
        _check_unique("inputs", "net_name", [tensor.net_name for tensor in self.inputs])
        self._check_batch()
        self._check_preprocessing()
        self._check_task()
        self._check_evidence()

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Return the manifest that `text` holds.

        Raises:
            BundleError: naming the JSON path, what was expected and what was found.
        """
        value = parse_json(text)
        schema = value.get("schema")
        if isinstance(schema, int) and schema > SCHEMA:
            raise SchemaError("schema", f"{schema} is newer than this keras2cv reads ({SCHEMA})")
        return decode(cls, value)

    def to_json(self) -> str:
        """Return the text of `manifest.json`, read back once so that no reader can refuse it.

        Raises:
            BundleError: a value that cannot be stored, with its JSON path.
        """
        text = format_json(encode(self))
        if Manifest.from_json(text) != self:
            raise SchemaError("(root)", "does not survive writing; use tuples and plain numbers")
        return text

    def replace(self, **changes: object) -> Manifest:
        """Return a copy with `changes`, checked like any other."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]

    def at_batch(self, batch: int) -> Manifest:
        """Return the same for runs of `batch` samples, if the net takes them: it may not.

        Raises:
            BundleError: a shape would be too large.
        """

        def at(tensor: Any) -> Any:
            if not getattr(tensor, "batched", True):
                return tensor
            shapes = {
                key: (batch, *getattr(tensor, key)[1:]) for key in ("keras_shape", "net_shape")
            }
            return dataclasses.replace(tensor, **shapes)

        tail = self.tail
        if tail is not None:
            tail = dataclasses.replace(tail, heads=tuple(at(head) for head in tail.heads))
        return self.replace(
            model=dataclasses.replace(self.model, batch=batch),
            inputs=tuple(at(tensor) for tensor in self.inputs),
            outputs=tuple(at(tensor) for tensor in self.outputs),
            tail=tail,
        )

    def input(self, name: str) -> InputTensor:
        """Return the input of that Keras name."""
        return next(tensor for tensor in self.inputs if tensor.name == name)

    def output(self, name: str) -> OutputTensor:
        """Return the output of that Keras name."""
        return next(tensor for tensor in self.outputs if tensor.name == name)

    @property
    def net_outputs(self) -> tuple[OutputTensor, ...]:
        """What the net itself gives: the outputs that no step of the tail makes, and its heads."""
        if self.tail is None:
            return self.outputs
        own = tuple(tensor for tensor in self.outputs if tensor.net_name not in self.tail.made)
        return own + self.tail.heads

    @property
    def image_input(self) -> str | None:
        """The name of the input that images become; None for a bundle that takes arrays."""
        return self.preprocessing.input if self.preprocessing is not None else None

    @property
    def image_size_wh(self) -> tuple[int, int] | None:
        """Width and height in pixels of the input that is an image; None if none is, or several."""
        named = self.preprocessing.input if self.preprocessing is not None else None
        found = [t for t in self.inputs if named == t.name or (not named and t.layout == "NCHW")]
        return (found[0].net_shape[3], found[0].net_shape[2]) if len(found) == 1 else None

    def _check_batch(self) -> None:
        batched = [(f"inputs[{i}]", t.keras_shape) for i, t in enumerate(self.inputs)]
        outputs = enumerate(self.outputs)
        batched += [(f"outputs[{i}]", t.keras_shape) for i, t in outputs if t.batched]
        for path, shape in batched:
            if shape[:1] != (self.model.batch,):
                raise SchemaError(
                    f"{path}.keras_shape",
                    f"must begin with the batch {self.model.batch}, got {list(shape)}",
                )

    def _check_preprocessing(self) -> None:
        if (pre := self.preprocessing) is None:
            return
        if pre.input not in (tensor.name for tensor in self.inputs):
            raise SchemaError("preprocessing.input", f"is not an input: {pre.input!r}")
        width, height = pre.size_wh
        expected = (self.model.batch, pre.channels, height, width)
        if (got := self.input(pre.input).net_shape) != expected:
            raise SchemaError(
                "preprocessing.size", f"makes {list(expected)}, the net takes {list(got)}"
            )

    def _check_task(self) -> None:
        names = [tensor.name for tensor in self.outputs]
        for path, name in self.task.roles.items():
            if name not in names:
                raise SchemaError(f"task.{path}", f"is not an output: {name!r}")
        self.task.check_outputs({p: self.output(name) for p, name in self.task.roles.items()})
        if self.task.record is not None and self.image_size_wh is None:
            raise SchemaError("task.kind", f"{self.task.kind} needs one input that is an image")

    def _check_evidence(self) -> None:
        if (self.evidence is not None) != (self.status == "verified"):
            raise SchemaError("evidence", "belongs to status verified, and to no other")
        expected = sorted(tensor.name for tensor in self.outputs)
        for index, run in enumerate(self.evidence.runs if self.evidence else ()):
            if sorted(measured.name for measured in run.outputs) != expected:
                raise SchemaError(f"evidence.runs[{index}].outputs", f"must be those of {expected}")


def net_shape_of(keras_shape: tuple[int, ...], layout: str) -> tuple[int, ...]:
    """Return the net's shape of a Keras tensor: (N, ..., C) -> (N, C, ...) unless "same"."""
    if layout == "same":
        return keras_shape
    return (keras_shape[0], keras_shape[-1], *keras_shape[1:-1])


def _check_tensor(tensor: InputTensor | OutputTensor) -> None:
    for key in ("name", "net_name"):
        if not getattr(tensor, key):
            raise SchemaError(key, "must not be empty")
    for key in ("keras_shape", "net_shape"):
        _check_shape(key, getattr(tensor, key))
    rank = LAYOUT_RANK.get(tensor.layout, len(tensor.keras_shape))
    if len(tensor.keras_shape) != rank:
        raise SchemaError("layout", f"{tensor.layout} has rank {rank}, {tensor.name} has not")
    if tensor.net_shape != (expected := net_shape_of(tensor.keras_shape, tensor.layout)):
        raise SchemaError(
            "net_shape", f"{tensor.layout} makes {list(expected)}, got {list(tensor.net_shape)}"
        )


def _check_shape(key: str, shape: tuple[int, ...]) -> None:
    _check_range(f"{key} (rank)", len(shape), 0, MAX_RANK)
    for size in shape:
        _check_range(key, size, 1, MAX_ELEMENTS)
    _check_range(f"{key} (elements)", prod(shape), 1, MAX_ELEMENTS)


def _check_tensors(key: str, tensors: tuple[InputTensor, ...] | tuple[OutputTensor, ...]) -> None:
    _check_range(f"{key} (count)", len(tensors), 1, MAX_TENSORS)
    _check_unique(key, "name", [tensor.name for tensor in tensors])


def _check_unique(key: str, what: str, names: list[str]) -> None:
    if len(set(names)) != len(names):
        raise SchemaError(key, f"every {what} must differ, got {names[:20]}")


def _check_times(key: str, times: tuple[float | None, ...], refused: str | None) -> None:
    if any(time is not None and time <= 0 for time in times):
        raise SchemaError(key, f"times must be positive, got {times}")
    if refused is not None and any(time is not None for time in times):
        raise SchemaError("refused", "belongs to a trial that was not timed")


def _check_rewrites(names: tuple[str, ...]) -> None:
    _check_range("rewrites (count)", len(names), 0, MAX_REWRITES)
    _check_unique("rewrites", "name", list(names))
    for name in names:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            raise SchemaError("rewrites", f"must be names of rewrites, got {name[:80]!r}")


def _check_range(key: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise SchemaError(key, f"must be {low} to {high}, got {value}")


def _check_sha256(key: str, value: str) -> None:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise SchemaError(key, f"must be 64 lower-case hex digits, got {value[:80]!r}")


KINDS: Final[tuple[str, ...]] = get_args(Kind)
