"""One case: a Keras model, informative weights for it and informative inputs for it."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import keras

from keras2cv_bench.calibrate import packed
from support.cpu_answers import cpu_answers

from .inputs import NOTHING, Array, Draw, inputs_for
from .weights import CALIBRATION_BATCH, randomize

Group = Literal["layer", "activation", "ops", "pattern", "application"]


@dataclass(frozen=True)
class Case:
    """One model the exporter must carry over exactly, or refuse with a reason.

    `build` gives a fresh model with Keras' own initial weights; `model` gives it informative ones.
    `input_shapes` holds, without the batch, the shape of every input that the model leaves open
    (None height or length, or a subclassed model that names no inputs at all). `value_range` is the
    range of float inputs. `draw` overrides how one named input is drawn. `batches` are the batch
    sizes worth running.
    """

    name: str
    group: Group
    build: Callable[[], keras.Model]
    input_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: NOTHING)
    value_range: tuple[float, float] = (-2.0, 2.5)
    draw: Mapping[str, Draw] = field(default_factory=lambda: NOTHING)
    batches: tuple[int, ...] = (1, 3)

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ValueError(
                f"A case is named like a variable; got {self.name!r}. Use letters, digits and _."
            )
        if self.group not in get_args(Group):
            raise ValueError(
                f"Case {self.name}: group {self.group!r} is not one of {get_args(Group)}."
            )
        if not self.batches or min(self.batches) < 1:
            raise ValueError(
                f"Case {self.name}: batches must be positive sizes; got {self.batches}."
            )

    def model(self, seed: int = 0) -> keras.Model:
        """The model with informative weights: the same numbers for the same seed."""
        keras.utils.set_random_seed(seed)
        model = self.build()
        calibration = self.inputs(model, CALIBRATION_BATCH, seed + 1)
        if not model.built:  # a subclassed model makes its weights in its first call
            reference(model, calibration)
        return randomize(model, seed, calibration)

    def inputs(self, model: keras.Model, batch: int, seed: int) -> list[Array]:
        """One array per input, in the order of `model.inputs`, in Keras' own layout and dtype."""
        return inputs_for(
            model,
            batch,
            seed,
            input_shapes=self.input_shapes,
            value_range=self.value_range,
            draw=self.draw,
        )


def reference(model: keras.Model, arrays: Sequence[Array]) -> list[Array]:
    """What Keras predicts: one array per output, in `keras.tree.flatten` order.

    Calls the model with `training=False` outright: some preprocessing layers default to training
    mode and pass that on to every layer after them.
    """

    def call(*given: Any) -> Any:
        return model(packed(model, given), training=False)

    return [keras.ops.convert_to_numpy(output) for output in cpu_answers(call, *arrays)]
