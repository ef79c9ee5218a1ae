"""Right models with odd outputs: constants, one-hot rows, steps, equal classes, tiny numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import keras
from keras import layers

from keras2cv_export.quiet.tensorflow import tf

_STEPS: Final[dict[str, Callable[[Any], Any]]] = {
    "one-hot": lambda x: tf.one_hot(tf.argmax(x, -1), 8),
    "whole steps": lambda x: tf.round(4.0 * x),
    "signs": tf.sign,
    "above zero": lambda x: tf.cast(x > 0.0, tf.float32),
    "equal classes": lambda x: tf.nn.softmax(tf.concat([x[:, :4], x[:, :4]], -1)),
    "1e-30": lambda x: 1e-30 * x,
    "logarithms of probabilities": tf.nn.log_softmax,
    "far logarithms": lambda x: tf.nn.log_softmax(400.0 * x),
    "always 3": lambda x: 3.0 * tf.ones_like(x[:, :4]),
}


@keras.saving.register_keras_serializable("right_models")
class OddOutput(layers.Layer):  # type: ignore[misc]
    """A function of `_STEPS`."""

    def __init__(self, kind: str, **options: Any) -> None:
        super().__init__(**options)
        self.kind = kind

    def call(self, x: Any) -> Any:
        """Compute it."""
        return _STEPS[self.kind](x)

    def get_config(self) -> dict[str, Any]:
        """Return the function's name."""
        return {**super().get_config(), "kind": self.kind}


def _ending(kind: str, *, beside: bool) -> Callable[[Any], Any]:
    def end(x: Any) -> Any:
        y = layers.Dense(8)(x)
        return [y, OddOutput(kind)(y)] if beside else OddOutput(kind)(y)

    return end


ODD_ENDS: Final[dict[str, Callable[[Any], Any]]] = {
    **{kind: _ending(kind, beside=False) for kind in _STEPS if kind != "always 3"},
    "a constant beside numbers": _ending("always 3", beside=True),
    "one-hot beside its scores": _ending("one-hot", beside=True),
}
"""Name -> the end of a model of six numbers."""
