"""Give a model informative weights, so that a wrong answer cannot look right.

With Keras' initial weights a 1000-class softmax is 1/1000 whatever goes wrong, and deep logits
vanish. Nothing is downloaded: the statistics are calibrated, not trained. Models of Keras 3 and of
Keras 2 (`tf_keras`) are taken alike: a layer's kind is told by the name of its class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def randomize(model: keras.Model, seed: int, calibration: Sequence[Array]) -> keras.Model:
    """Give every weight an informative value, in place, and return the model.

    Kernels are He-normal (He et al. 2015, eq. 10), recurrent ones a little smaller so that long
    sequences stay bounded; scales (gamma, LayerScale) lie around 1; biases and shifts are nonzero.
    Shifts of batch norms lie around 0.8, where fewer ReLUs are cut off: around 0 a deep network is
    chaotic (Yang et al. 2019, "A Mean Field Theory of Batch Normalization", section 3), and the
    last bit of a pixel moves the logits of ResNet101 by 1e-4, which no trained network's do.
    Moving statistics then come from one training-mode pass over `calibration`, so that normalised
    activations really are normalised and the logits of a deep network neither vanish nor explode.
    Statistics of adapted preprocessing layers describe the data, and stay.
    """
    rng = np.random.default_rng(seed)
    for layer in sublayers(model):
        if _is_a(layer, "Normalization"):
            _adapt_if_never_adapted(rng, layer)
        for variable in _own_variables(layer):
            _assign(rng, layer, variable)
    if any(_is_a(layer, *_NORMS) for layer in sublayers(model)):
        _calibrate(model, calibration)
    return model


def _own_variables(layer: keras.Layer) -> list[Any]:
    if not isinstance(layer, keras.Layer):
        return [*layer._trainable_weights, *layer._non_trainable_weights]
    seeds = [generator.state for generator in layer._seed_generators]
    return [*layer._trainable_variables, *layer._non_trainable_variables, *seeds]


def _is_a(layer: Any, *names: str) -> bool:
    """Return whether a layer is of one of these classes of Keras 3 or Keras 2, or derived."""
    return any(
        kind.__name__ in names and kind.__module__.partition(".")[0] in ("keras", "tf_keras")
        for kind in type(layer).__mro__
    )


_NORMS = ("BatchNormalization", "BatchNormalizationBase")
_DESCRIBE_THE_DATA = ("Normalization", "Discretization", "MelSpectrogram")
_DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")
_TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
_SCALES = ("gamma", "scale", "moving_variance")
_SHIFTS = ("beta", "bias", "moving_mean")


def _assign(rng: np.random.Generator, layer: keras.Layer, variable: Any) -> None:
    shape = tuple(variable.shape)
    name = variable.name.rpartition("/")[2].partition(":")[0]  # Keras 2: "conv/kernel:0"
    if name == "seed_generator_state":
        variable.assign(rng.integers(0, 2**31, shape))
    elif _is_a(layer, *_DESCRIBE_THE_DATA) or not _is_float(variable):
        return
    elif name.endswith(("_scale", "_zero")) and getattr(layer, "quantization_mode", None):
        return  # belongs to the integer kernel beside it
    elif "kernel" in name:
        variable.assign(rng.standard_normal(shape) * _kernel_std(layer, name, shape))
    elif name == "embeddings" or len(shape) == 0:
        variable.assign(variable.numpy() + rng.standard_normal(shape) * 0.9)
    elif name in _SCALES:
        variable.assign(rng.uniform(0.6, 1.4, shape))
    elif name == "beta" and _is_a(layer, *_NORMS):
        variable.assign(0.8 + rng.standard_normal(shape) * 0.25)
    elif name in _SHIFTS:
        variable.assign(rng.standard_normal(shape) * 0.25)
    elif name == "alpha":
        variable.assign(rng.uniform(0.05, 0.45, shape))
    else:  # a custom layer's own: values around those that its author starts from
        variable.assign(variable.numpy() + rng.standard_normal(shape) * 0.3)


def _is_float(variable: Any) -> bool:
    dtype = getattr(variable.dtype, "name", variable.dtype)
    return bool(keras.backend.is_float_dtype(dtype))


def _adapt_if_never_adapted(rng: np.random.Generator, layer: Any) -> None:
    """Adapt a Normalization that awaits pretrained weights (EfficientNet's): it starts neutral."""
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
    """Return how many products are summed into one output element."""
    if _is_a(layer, "EinsumDense"):
        left, right = layer.equation.replace("...", "").split("->")
        letters = left.split(",")[1]
        return math.prod(n for x, n in zip(letters, shape, strict=True) if x not in right)
    if name == "depthwise_kernel" or _is_a(layer, *_DEPTHWISE):
        return math.prod(shape[:-2])
    if _is_a(layer, *_TRANSPOSED):  # (..., out, in); a stride spreads taps over several outputs
        return math.prod(shape[:-2]) * shape[-1] / float(math.prod(layer.strides))
    return math.prod(shape[:-1])


def _calibrate(model: keras.Model, arrays: Sequence[Array]) -> None:
    """Put the batch's statistics into every norm, by one training-mode pass with momentum 0.

    A channel that happens to be almost constant over this batch would, on other inputs, blow up
    all layers after it, so no variance stays below a fifth of its layer's mean.
    """
    norms = [layer for layer in sublayers(model) if _is_a(layer, *_NORMS)]
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


def sublayers(model: keras.Model) -> list[keras.Layer]:
    """Return the model and every layer in it, however deep."""
    return list(model._flatten_layers(include_self=True, recursive=True))


def packed(model: keras.Model, arrays: Sequence[Array]) -> Any:
    """Return `arrays` in the structure (one tensor, list or dict) that the model takes."""
    structure = getattr(model, "_inputs_struct", None)
    if structure is None:  # Keras 2's name
        structure = getattr(model, "_nested_inputs", None)
    if structure is None:
        return arrays[0] if len(arrays) == 1 else list(arrays)
    return keras.tree.pack_sequence_as(structure, list(arrays))
