"""The form that every kind of model takes once it is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from keras2cv.bundle.manifest import ModelSource
from keras2cv_export.model.spec import TensorSpec

Shapes = Mapping[str, Sequence[int]] | Sequence[int] | None


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
    """

    name: str
    source: ModelSource
    inputs: tuple[TensorSpec, ...]
    call: Callable[..., list[tuple[str, Any]]]
    open_batch: frozenset[str] | None
    keras_model: Any = None
    notes: tuple[str, ...] = field(default=())
    states: tuple[tuple[str, str], ...] = field(default=())

    def without_states(self) -> LoadedModel:
        """Return the model with the inputs that its users give, to decide on tasks by."""
        held = {name for name, _ in self.states}
        return replace(self, inputs=tuple(spec for spec in self.inputs if spec.name not in held))

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
