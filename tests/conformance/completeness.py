"""Which public classes of Keras the suite leaves out, and why."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import keras

EXCLUDED_LAYERS: Mapping[str, str] = {
    "Layer": "abstract: every custom layer is one",
    "Wrapper": "abstract: TimeDistributed, Bidirectional, SpectralNormalization are real",
    "InputSpec": "describes a layer's input; it is not a layer",
    "TFSMLayer": "reads a SavedModel from disk: what counts is that model, loaded as one",
    "JaxLayer": "runs JAX code, which has no TensorFlow graph to convert",
    "FlaxLayer": "runs JAX code, which has no TensorFlow graph to convert",
    "TorchModuleWrapper": "runs PyTorch code, which has no TensorFlow graph to convert",
    "StringLookup": "takes strings: done before the net, see test_text_and_tables.py",
    "TextVectorization": "takes strings: done before the net, see test_text_and_tables.py",
    "MaxNumBoundingBoxes": "pads the labels of a training pipeline; leaves images as they are",
}

EXCLUDED_ACTIVATIONS: Mapping[str, str] = {
    "get": "looks an activation up",
    "serialize": "writes an activation's name",
    "deserialize": "reads an activation's name",
}


def public_layers() -> dict[str, type]:
    """Every class of keras.layers once, by its own name (Conv2D, not Convolution2D)."""
    classes = {c for c in vars(keras.layers).values() if inspect.isclass(c)}
    return {c.__name__: c for c in classes}


def public_activations() -> dict[str, object]:
    """Every function of keras.activations once, under its own name (silu, not its alias swish)."""
    return {
        function.__name__: function
        for name, function in vars(keras.activations).items()
        if inspect.isfunction(function) and name not in EXCLUDED_ACTIVATIONS
    }
