"""The form that every kind of model takes once it is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from keras2cv.bundle.manifest import ModelSource
from keras2cv_export.model.fronts.model_front import ModelFront
from keras2cv_export.model.spec import TensorSpec
from keras2cv_export.parity.exactness import TENSORFLOW

Shapes = Mapping[str, Sequence[int]] | Sequence[int] | None


@dataclass(frozen=True)
class Judge:
    """Whose answers a bundle is compared with, where that is not TensorFlow.

    Attributes:
        name: For messages.
        call: Arrays in, (output name, array) pairs out.
        samples: The only samples that it knows the answers to; None: it can be asked anything.
        exact: The same in float64; None where it cannot be had.
    """

    name: str
    call: Callable[..., list[tuple[str, Any]]]
    samples: tuple[tuple[Any, ...], ...] | None = None
    exact: Callable[..., list[tuple[str, Any]]] | None = None


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to be traced and to be asked for its predictions.

    Attributes:
        name: The model's own name.
        source: Where it came from, for the manifest.
        inputs: In Keras' flat order, every dimension known, the batch first.
        call: Flat tensors in, (output name, tensor) pairs out, in Keras' flat order;
            `training=False`, float32.
        open_batch: Names of the outputs whose first dimension is the batch; None where Keras does
            not know.
        keras_model: The Keras object; None for a SavedModel, which is only a function.
        notes: Sentences for the user.
        states: (input, output) of each state that a stateful layer begins and ends a call with.
        graph: The ir.Model of an ONNX file, whose sizes may be open; None for all others, which
            are traced.
        graph_file: That file, whose graph a child process prepares; None: this process does.
        judge: Who answers for the model; None: TensorFlow, which `call` is made for.
        pictures_out: Whether an ONNX model's outputs (N, C, H, W) are given channels last.
        front: The layers before `inputs`, which are not in the net; None: there are none.
    """

    name: str
    source: ModelSource
    inputs: tuple[TensorSpec, ...]
    call: Callable[..., list[tuple[str, Any]]]
    open_batch: frozenset[str] | None
    keras_model: Any = None
    notes: tuple[str, ...] = field(default=())
    states: tuple[tuple[str, str], ...] = field(default=())
    graph: Any = None
    graph_file: Path | None = None
    judge: Judge | None = None
    pictures_out: bool = False
    front: ModelFront | None = None

    def without_states(self) -> LoadedModel:
        """Return the model with the inputs that its users give, to decide on tasks by."""
        held = {name for name, _ in self.states}
        return replace(self, inputs=tuple(spec for spec in self.inputs if spec.name not in held))

    def with_pictures_out(self) -> LoadedModel:
        """Return an ONNX model whose outputs of four axes are channels last, as tasks read them."""
        if self.channels_last:
            return self

        judge = self.judge
        if judge is not None and judge.exact is not None:
            judge = replace(judge, exact=_channels_last(judge.exact))
        return replace(self, call=_channels_last(self.call), judge=judge, pictures_out=True)

    @property
    def judge_name(self) -> str:
        """Who answers for the model."""
        return self.judge.name if self.judge is not None else TENSORFLOW

    @property
    def channels_last(self) -> bool:
        """Whether its pictures are channels last, as Keras' are."""
        pictures = [spec for spec in self.inputs if len(spec.shape) == 4]
        return self.graph is None or any(not spec.channels_first for spec in pictures)

    @property
    def moved(self) -> tuple[bool, bool]:
        """Whether its inputs, and its outputs, are channels last."""
        return self.channels_last, self.channels_last or self.pictures_out

    @property
    def batch(self) -> int:
        """The batch size of the export."""
        return int(self.inputs[0].shape[0] or 1)

    @property
    def smallest_vocabulary(self) -> int | None:
        """The fewest rows of any Embedding: indices below it are legal everywhere."""
        layers = self.keras_model._flatten_layers() if self.keras_model is not None else ()
        sizes = [x.input_dim for x in layers if type(x).__name__ == "Embedding"]  # Keras 2's too
        return min(sizes, default=None)


def _channels_last(call: Callable[..., list[tuple[str, Any]]]) -> Callable[..., Any]:
    """Return a call whose outputs of four axes are channels last."""

    def moved(*arrays: Any) -> list[tuple[str, Any]]:
        pairs = call(*arrays)
        return [(n, a.transpose(0, 2, 3, 1) if a.ndim == 4 else a) for n, a in pairs]

    return moved
