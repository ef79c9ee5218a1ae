"""`manifest.json` as frozen records that check themselves.

    Manifest
    |-- model           Model            which file, whole and unaltered
    |-- inputs          InputTensor...   Keras' name and shape beside the net's
    |-- outputs         OutputTensor...  in keras.tree.flatten order
    |-- preprocessing   Preprocessing    from an image to the input; absent: arrays only
    |-- more_pictures   Preprocessing...  of the further inputs that are images; absent: none
    |-- tail            NumpyTail        the steps after the net; absent: none
    |-- front           NumpyFront       the steps before the net; absent: none
    |-- task            Task             the meaning of the outputs
    |-- engine          Engine           the engine that was verified
    |-- evidence        Evidence         how near, on which OpenCV; absent: unverified
    |-- tuned           Tuned            the fastest way to run it, measured; absent: OpenCV's own
    |-- weights         Weights          how the file stores them; absent: as float32
    |-- chosen_scores   ChosenScores     thresholds chosen on data; absent: none were
    |-- states          StateLink...     outputs that are inputs of the next run; absent: none
    |-- forms           Form...          files of the same net for newer OpenCVs; absent: none
    `-- source          ModelSource      which model it was made from

`Manifest.from_json` and `Manifest.to_json` are the only ways in and out; every problem is a
`BundleError` naming the JSON path.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from keras2cv.bundle.chosen_scores import ChosenScore, ChosenScores
from keras2cv.bundle.evidence import Engine, Evidence, Measured, Run
from keras2cv.bundle.forms import MAX_FORMS, Form
from keras2cv.bundle.model_file import Model, ModelSource, Weights
from keras2cv.bundle.tuned import Rate, Trial, Tuned
from keras2cv.errors import UsageError
from keras2cv.numpy_front.record import NumpyFront
from keras2cv.numpy_tail.record import NumpyTail
from keras2cv.pixels.preprocessing import Preprocessing
from keras2cv.schema.checks import check_range, check_unique
from keras2cv.schema.fields import SchemaError, decode, encode, format_json, parse_json
from keras2cv.schema.tensors import InputTensor, OutputTensor, StateLink, check_tensors
from keras2cv.schema.vocabulary import Status
from keras2cv.tasks import TASKS
from keras2cv.tasks.task import Task

__all__ = [  # of the records, so that one import serves whoever reads a manifest
    "SCHEMA",
    "ChosenScore",
    "ChosenScores",
    "Engine",
    "Evidence",
    "Form",
    "InputTensor",
    "Manifest",
    "Measured",
    "Model",
    "ModelSource",
    "NumpyFront",
    "NumpyTail",
    "OutputTensor",
    "Preprocessing",
    "Rate",
    "Run",
    "StateLink",
    "Task",
    "Trial",
    "Tuned",
    "Weights",
]

SCHEMA: Final = 1


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
    source: ModelSource
    preprocessing: Preprocessing | None = None
    evidence: Evidence | None = None
    tail: NumpyTail | None = None
    weights: Weights | None = None
    tuned: Tuned | None = None
    states: tuple[StateLink, ...] | None = None
    chosen_scores: ChosenScores | None = None
    forms: tuple[Form, ...] | None = None
    more_pictures: tuple[Preprocessing, ...] | None = None
    front: NumpyFront | None = None

    def __post_init__(self) -> None:
        check_range("schema", self.schema, SCHEMA, SCHEMA)
        check_tensors("inputs", self.inputs)
        check_tensors("outputs", self.outputs)
        check_unique("inputs", "net_name", [tensor.net_name for tensor in self.inputs])
        self._check_batch()
        self._check_preprocessing()
        self._check_task()
        self._check_evidence()
        self._check_states()
        self._check_forms()
        self._check_front()
        self._check_chosen_scores()

    def _check_chosen_scores(self) -> None:
        if self.chosen_scores is not None and self.task.mask_threshold is not None:
            if [one.score for one in self.chosen_scores.classes] != [self.task.mask_threshold]:
                raise SchemaError("chosen_scores", "must have task.segment.threshold, and no other")
        elif (self.chosen_scores is None) != (self.task.class_scores is None):
            raise SchemaError("chosen_scores", "belong to task.class_scores, and they to them")

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Return the manifest that `text` holds.

        Raises:
            BundleError: with the JSON path, the expected and the found value.
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

    def in_form(self, form: Form) -> Manifest:
        """Return the manifest of a bundle that had the file of `form` alone."""
        evidence = self.evidence
        if evidence is not None and form.runs is not None:
            evidence = dataclasses.replace(evidence, runs=form.runs)
        model = dataclasses.replace(
            self.model,
            file=form.file,
            sha256=form.sha256,
            size_bytes=form.size_bytes,
            opencv=form.opencv,
        )
        engine = dataclasses.replace(self.engine, name=form.engine)
        return self.replace(model=model, engine=engine, evidence=evidence, forms=None)

    def at_batch(self, batch: int) -> Manifest:
        """Return the manifest for runs of `batch` samples; the net may or may not take them.

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
        """Return the input of that Keras name.

        Raises:
            UsageError: there is none.
        """
        return _named(self.inputs, name, "input")

    def output(self, name: str) -> OutputTensor:
        """Return the output of that Keras name.

        Raises:
            UsageError: there is none.
        """
        return _named(self.outputs, name, "output")

    @property
    def own_inputs(self) -> tuple[InputTensor, ...]:
        """The inputs that a user gives, or the front makes of what is given: all but states."""
        held = {link.input for link in self.states or ()}
        return tuple(tensor for tensor in self.inputs if tensor.name not in held)

    @property
    def own_outputs(self) -> tuple[OutputTensor, ...]:
        """The outputs that a user gets: all but the states."""
        held = {link.output for link in self.states or ()}
        return tuple(tensor for tensor in self.outputs if tensor.name not in held)

    @property
    def net_outputs(self) -> tuple[OutputTensor, ...]:
        """The net's own outputs: the heads of the tail, and the outputs that no step makes."""
        if self.tail is None:
            return self.outputs
        own = tuple(tensor for tensor in self.outputs if tensor.net_name not in self.tail.made)
        return own + self.tail.heads

    @property
    def image_input(self) -> str | None:
        """The name of the (first) input that images become; None for a bundle of arrays."""
        return self.preprocessing.input if self.preprocessing is not None else None

    @property
    def image_channels_first(self) -> bool:
        """Whether the model itself takes images as (N, C, H, W), as ONNX models do."""
        pre = self.preprocessing
        if pre is None or pre.clip is not None:  # frames are channels last
            return False
        return self.input(pre.input).layout == "same"

    @property
    def pictures(self) -> tuple[Preprocessing, ...]:
        """The preprocessing of each input that images become, as it is listed."""
        first = () if self.preprocessing is None else (self.preprocessing,)
        return (*first, *(self.more_pictures or ()))

    @property
    def pictures_by_place(self) -> tuple[Preprocessing, ...]:
        """The same in the inputs' own order."""
        places = {tensor.name: place for place, tensor in enumerate(self.inputs)}
        return tuple(sorted(self.pictures, key=lambda rules: places[rules.input]))

    def rules_of(self, name: str) -> Preprocessing | None:
        """Return how images become the input of that name; None if it takes arrays."""
        return next((rules for rules in self.pictures if rules.input == name), None)

    def about(self, rules: Preprocessing) -> Manifest:
        """Return the manifest as if one of its `pictures` were the only one."""
        return self.replace(preprocessing=rules, more_pictures=None)

    @property
    def image_size_wh(self) -> tuple[int, int] | None:
        """Width and height in pixels of the input that is an image; None if none is, or several."""
        if self.preprocessing is not None:
            height, width = self.preprocessing.input_hw
            return width, height
        found = [tensor for tensor in self.inputs if self._is_image(tensor)]
        return (found[0].net_shape[3], found[0].net_shape[2]) if len(found) == 1 else None

    def _is_image(self, tensor: InputTensor) -> bool:
        """Whether an input without preprocessing has the shape of a batch of images."""
        first = self.source.kind == "onnx" and len(tensor.net_shape) == 4
        return tensor.layout == "NCHW" or (first and tensor.net_shape[1] in (1, 3, 4))

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
        is_first = self.preprocessing is None or self.more_pictures == ()
        if self.more_pictures is not None and is_first:
            raise SchemaError("more_pictures", "belong to preprocessing, the first one's")
        check_unique("more_pictures", "input", [rules.input for rules in self.pictures])
        paths = ("preprocessing", *(f"more_pictures[{k}]" for k in range(len(self.pictures))))
        for path, rules in zip(paths, self.pictures, strict=False):
            self._check_picture(path, rules)

    def _check_picture(self, path: str, rules: Preprocessing) -> None:
        if rules.input not in (tensor.name for tensor in self.inputs):
            raise SchemaError(f"{path}.input", f"is not an input: {rules.input!r}")
        tensor = self.input(rules.input)
        expected: tuple[int, ...] = (self.model.batch, rules.channels, *rules.input_hw)
        got = tensor.net_shape
        if rules.clip is not None:
            expected = (self.model.batch, rules.clip.window, *rules.input_hw, rules.channels)
            got = tensor.keras_shape
        if got != expected:
            raise SchemaError(f"{path}.size", f"makes {list(expected)}, the net takes {list(got)}")

    def _check_task(self) -> None:
        names = [tensor.name for tensor in self.outputs]
        for path, name in self.task.roles.items():
            if name not in names:
                raise SchemaError(f"task.{path}", f"is not an output: {name!r}")
        self.task.check_outputs({p: self.output(name) for p, name in self.task.roles.items()})
        if TASKS[self.task.kind].in_pixels and self.image_size_wh is None:
            raise SchemaError("task.kind", f"{self.task.kind} needs one input that is an image")
        pre = self.preprocessing
        if TASKS[self.task.kind].in_pixels and pre is not None and pre.transpose:
            raise SchemaError("preprocessing.transpose", f"{self.task.kind} answers in pixels")

    def _check_front(self) -> None:
        if self.front is None:
            return
        if self.states is not None:
            raise SchemaError("front", "belongs to a model that does not remember")
        numbers = {one.name for one in self.front.inputs if one.dtype != "string"}
        known = numbers | self.front.made
        if missing := [tensor.name for tensor in self.inputs if tensor.name not in known]:
            raise SchemaError("front", f"makes no {missing[0]!r}, an input of the net")

    def _check_states(self) -> None:
        inputs = {tensor.name: tensor.keras_shape for tensor in self.inputs}
        outputs = {tensor.name: tensor.keras_shape for tensor in self.outputs}
        links = self.states or ()
        for index, link in enumerate(links):
            if link.input not in inputs or link.output not in outputs:
                raise SchemaError(f"states[{index}]", "must link an output to an input")
            if inputs[link.input] != outputs[link.output]:
                raise SchemaError(f"states[{index}]", "must link tensors of the same shape")
            if link.output in self.task.roles.values():
                raise SchemaError(f"states[{index}].output", "belongs to the task")
        check_unique("states", "input", [link.input for link in links])
        check_unique("states", "output", [link.output for link in links])
        if len(links) >= len(self.inputs) or len(links) >= len(self.outputs):
            raise SchemaError("states", "must leave an input and an output")

    def _check_evidence(self) -> None:
        if (self.evidence is not None) != (self.status == "verified"):
            raise SchemaError("evidence", "belongs to status verified, and to no other")
        self._check_runs("evidence.runs", self.evidence.runs if self.evidence else ())

    def _check_runs(self, path: str, runs: tuple[Run, ...]) -> None:
        expected = sorted(tensor.name for tensor in self.outputs)
        for index, run in enumerate(runs):
            if sorted(measured.name for measured in run.outputs) != expected:
                raise SchemaError(f"{path}[{index}].outputs", f"must be those of {expected}")

    def _check_forms(self) -> None:
        if (forms := self.forms) is None:
            return
        check_range("forms (count)", len(forms), 1, MAX_FORMS)
        check_unique("forms", "opencv", [form.opencv for form in forms])
        check_unique("forms", "file", [self.model.file, *(form.file for form in forms)])
        if self.model.format != "onnx" or self.weights is not None or self.tuned is not None:
            raise SchemaError("forms", "belong to an ONNX file of float32 that is not tuned")
        for index, form in enumerate(forms):
            if (form.runs is not None) != (self.status == "verified"):
                raise SchemaError(
                    f"forms[{index}].runs", "belong to status verified, and it to them"
                )
            self._check_runs(f"forms[{index}].runs", form.runs or ())


_Tensor = TypeVar("_Tensor", InputTensor, OutputTensor)


def _named(tensors: Sequence[_Tensor], name: str, kind: str) -> _Tensor:
    """Return the tensor of that Keras name; `kind` is for the message."""
    found = next((tensor for tensor in tensors if tensor.name == name), None)
    if found is None:
        names = ", ".join(tensor.name for tensor in tensors)
        raise UsageError(f"The bundle has no {kind} {name!r}. Its {kind}s are {names}.")
    return found
