"""The inputs that a user gives: those of the front, or the net's own."""

from __future__ import annotations

from dataclasses import dataclass

from keras2cv.bundle.manifest import Manifest


@dataclass(frozen=True, slots=True)
class GivenInput:
    """What is given under a name: numbers or text, of a shape per sample."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def keras_shape(self) -> tuple[int, ...]:
        """The shape of a batch of one."""
        return (1, *self.shape)

    @property
    def is_text(self) -> bool:
        """Whether it is text."""
        return self.dtype == "string"


def given_inputs(manifest: Manifest) -> tuple[GivenInput, ...]:
    """Return the inputs in the order of `Predictor.infer`'s arguments."""
    if manifest.front is not None:
        return tuple(GivenInput(one.name, one.dtype, one.shape) for one in manifest.front.inputs)
    return tuple(GivenInput(t.name, t.dtype, t.keras_shape[1:]) for t in manifest.own_inputs)
