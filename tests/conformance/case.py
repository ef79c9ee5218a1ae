"""What one case is: a Keras model, informative weights for it and informative inputs for it."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

import keras
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Group = Literal["layer", "activation", "ops", "pattern", "application"]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]
"""Draws one input of the given shape (batch first); the array's dtype must be the input's."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_CALIBRATION_BATCH = 16  # deep networks on one-pixel feature maps need this many to be stable


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
    input_shapes: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: _NOTHING)
    value_range: tuple[float, float] = (-2.0, 2.5)
    draw: Mapping[str, Draw] = field(default_factory=lambda: _NOTHING)
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
        calibration = self.inputs(model, _CALIBRATION_BATCH, seed + 1)
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
    outputs = model(packed(model, arrays), training=False)
    return [keras.ops.convert_to_numpy(output) for output in keras.tree.flatten(outputs)]


def packed(model: keras.Model, arrays: Sequence[Array]) -> Any:
    """`arrays` in the structure (one tensor, list or dict) that the model takes."""
    structure = getattr(model, "_inputs_struct", None)
    if structure is None:
        return arrays[0] if len(arrays) == 1 else list(arrays)
    return keras.tree.pack_sequence_as(structure, list(arrays))


# -- inputs ----------------------------------------


def inputs_for(
    model: keras.Model,
    batch: int,
    seed: int,
    *,
    input_shapes: Mapping[str, tuple[int, ...]] = _NOTHING,
    value_range: tuple[float, float] = (-2.0, 2.5),
    draw: Mapping[str, Draw] = _NOTHING,
) -> list[Array]:
    """Structured inputs of any rank: no two samples, rows, columns or channels alike.

    Integer inputs stay below the smallest vocabulary in the model; uint8 inputs are images, 0 to
    255. Raises ValueError for an open dimension that `input_shapes` does not fix.
    """
    arrays = []
    for index, (name, shape, dtype) in enumerate(_input_specs(model, input_shapes)):
        rng = np.random.default_rng((seed, index))
        full = (shape[0] or batch, *shape[1:])
        if name in draw:
            array = draw[name](rng, full)
        else:
            array = _draw(rng, full, dtype, value_range, _vocabulary(model))
        if array.shape != full or array.dtype != np.dtype(dtype):
            raise ValueError(
                f"Input {name!r}: expected {full} {dtype}, got {array.shape} {array.dtype}. "
                "Correct its draw."
            )
        arrays.append(array)
    return arrays


def _input_specs(
    model: keras.Model, input_shapes: Mapping[str, tuple[int, ...]]
) -> Iterable[tuple[str, tuple[int | None, ...], str]]:
    tensors = getattr(model, "inputs", None)
    if not tensors:  # a subclassed model names no inputs: the case does, in call order, float32
        if not input_shapes:
            raise ValueError(f"Model {model.name!r} names no inputs. Give the case input_shapes.")
        return [(name, (None, *shape), "float32") for name, shape in input_shapes.items()]
    return [(t.name, _fixed(t.name, t.shape, input_shapes), t.dtype) for t in tensors]


def _fixed(
    name: str, shape: tuple[int | None, ...], input_shapes: Mapping[str, tuple[int, ...]]
) -> tuple[int | None, ...]:
    fixed = (shape[0], *input_shapes.get(name, shape[1:]))
    agrees = len(fixed) == len(shape) and all(
        a is None or a == b for a, b in zip(shape, fixed, strict=True)
    )
    if None in fixed[1:] or not agrees:
        raise ValueError(
            f"Input {name!r} has shape {shape}, the case says {fixed}. Fix every open dimension."
        )
    return fixed


def _vocabulary(model: keras.Model) -> int:
    """Exclusive upper bound of integer inputs: the smallest table one of them could index."""
    sizes = [
        int(getattr(layer, size))
        for layer in _layers(model)
        for size in ("input_dim", "num_tokens")
        if isinstance(getattr(layer, size, None), int)
    ]
    return min(sizes, default=11)


def _draw(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    dtype: str,
    value_range: tuple[float, float],
    vocabulary: int,
) -> Array:
    if dtype == "bool":
        return _alternating(rng, shape)
    if dtype == "uint8":
        return np.round(_field(rng, shape) * 255.0).astype(np.uint8)
    if np.issubdtype(np.dtype(dtype), np.integer):
        return rng.integers(0, vocabulary, shape).astype(dtype)
    low, high = value_range
    return (low + (high - low) * _field(rng, shape)).astype(dtype)


def _alternating(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random truth values, both kinds in every sample: a mask never hides everything or nothing."""
    values = rng.random(shape) < 0.7
    values[..., :1] = True
    if shape[-1] > 1:
        values[..., -1:] = False
    return values


def _field(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Values in 0 to 1, a fresh wave for every sample."""
    return 0.5 + 0.5 * np.tanh(0.8 * np.stack([_wave(rng, shape[1:]) for _ in range(shape[0])]))


def _wave(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Along every axis a wave of its own frequency and phase on a ramp, plus noise."""
    values = 0.35 * rng.standard_normal(shape) + rng.uniform(-0.3, 0.3)
    for axis, size in enumerate(shape):
        position = np.arange(size) / size
        wave = (
            np.sin(2 * np.pi * (rng.uniform(0.4, 1.7) * position + rng.random())) + 0.5 * position
        )
        values = values + rng.uniform(0.4, 0.8) * wave.reshape(
            [-1 if a == axis else 1 for a in range(len(shape))]
        )
    return values


# -- weights ----------------------------------------


def randomize(
    model: keras.Model, seed: int, calibration: Sequence[Array] | None = None
) -> keras.Model:
    """Gives every weight an informative value, in place, and returns the model.

    Kernels are He-normal (He et al. 2015, eq. 10), recurrent ones a little smaller so that long
    sequences stay bounded; scales (gamma, LayerScale) lie around 1; biases and shifts are nonzero.
    Moving statistics then come from one training-mode pass over `calibration`, so that normalised
    activations really are normalised and the logits of a deep network neither vanish nor explode.
    Statistics of adapted preprocessing layers are facts about data and stay.
    """
    rng = np.random.default_rng(seed)
    for layer in _layers(model):
        if isinstance(layer, keras.layers.Normalization):
            _adapt_if_never_adapted(rng, layer)
        for variable in _own_variables(layer):
            _assign(rng, layer, variable)
    if any(isinstance(layer, keras.layers.BatchNormalization) for layer in _layers(model)):
        _calibrate(
            model,
            inputs_for(model, _CALIBRATION_BATCH, seed) if calibration is None else calibration,
        )
    return model


def _layers(model: keras.Model) -> list[keras.Layer]:
    return list(model._flatten_layers(include_self=True, recursive=True))


def _own_variables(layer: keras.Layer) -> list[Any]:
    seeds = [generator.state for generator in layer._seed_generators]
    return [*layer._trainable_variables, *layer._non_trainable_variables, *seeds]


_FACTS_ABOUT_DATA = (
    keras.layers.Normalization,
    keras.layers.Discretization,
    keras.layers.MelSpectrogram,
)
_SCALES = ("gamma", "scale", "moving_variance")
_SHIFTS = ("beta", "bias", "moving_mean")


def _assign(rng: np.random.Generator, layer: keras.Layer, variable: Any) -> None:
    shape, name = tuple(variable.shape), variable.name
    if name == "seed_generator_state":
        variable.assign(rng.integers(0, 2**31, shape))
    elif isinstance(layer, _FACTS_ABOUT_DATA) or not keras.backend.is_float_dtype(variable.dtype):
        return
    elif name.endswith(("_scale", "_zero")) and getattr(layer, "quantization_mode", None):
        return  # belongs to the integer kernel beside it
    elif "kernel" in name:
        variable.assign(rng.standard_normal(shape) * _kernel_std(layer, name, shape))
    elif name == "embeddings" or len(shape) == 0:
        variable.assign(variable.numpy() + rng.standard_normal(shape) * 0.9)
    elif name in _SCALES:
        variable.assign(rng.uniform(0.6, 1.4, shape))
    elif name in _SHIFTS:
        variable.assign(rng.standard_normal(shape) * 0.25)
    elif name == "alpha":
        variable.assign(rng.uniform(0.05, 0.45, shape))
    else:  # a custom layer's own: around whatever its author starts from
        variable.assign(variable.numpy() + rng.standard_normal(shape) * 0.3)


def _adapt_if_never_adapted(rng: np.random.Generator, layer: Any) -> None:
    """A Normalization that awaits pretrained weights (EfficientNet's) changes nothing as built."""
    if layer.input_mean is not None:
        return
    mean, variance = layer.adapt_mean.numpy(), layer.adapt_variance.numpy()
    if not mean.any() and (variance == 1.0).all():
        layer.adapt_mean.assign(rng.uniform(0.2, 0.6, mean.shape))
        layer.adapt_variance.assign(rng.uniform(0.1, 0.4, variance.shape))
        layer.finalize_state()


def _kernel_std(layer: keras.Layer, name: str, shape: tuple[int, ...]) -> float:
    gain = 1.0 if hasattr(layer, "recurrent_activation") or "recurrent" in name else 2.0
    return math.sqrt(gain / max(1.0, _fan_in(layer, name, shape)))


def _fan_in(layer: keras.Layer, name: str, shape: tuple[int, ...]) -> float:
    """How many products are summed into one output element."""
    if isinstance(layer, keras.layers.EinsumDense):
        left, right = layer.equation.replace("...", "").split("->")
        letters = left.split(",")[1]
        return math.prod(
            size for letter, size in zip(letters, shape, strict=True) if letter not in right
        )
    if name == "depthwise_kernel" or isinstance(
        layer, keras.layers.DepthwiseConv1D | keras.layers.DepthwiseConv2D
    ):
        return math.prod(shape[:-2])
    if type(layer).__name__.endswith(
        "Transpose"
    ):  # (..., out, in); a stride spreads the taps over several outputs
        return math.prod(shape[:-2]) * shape[-1] / math.prod(layer.strides)
    return math.prod(shape[:-1])


def _calibrate(model: keras.Model, arrays: Sequence[Array]) -> None:
    """One training-mode pass with momentum 0 puts the batch's statistics into every norm.

    A channel that happens to be almost constant over this batch would, on other inputs, blow up
    whatever comes after it, so no variance stays below a fifth of its layer's mean.
    """
    norms = [
        layer for layer in _layers(model) if isinstance(layer, keras.layers.BatchNormalization)
    ]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        model(packed(model, arrays), training=True)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            _keep_off_zero(norm.moving_variance)


def _keep_off_zero(variance: Any) -> None:
    values = variance.numpy()
    variance.assign(np.maximum(values, 0.2 * values.mean()))
