"""Export a model of channels first from each kind of source, verified, and run all of its layers.

python -m support.channels_first_export FOLDER     prints the name of each that is done
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
from keras import layers

from keras2cv_export import export
from keras2cv_export.model.load import load_model
from keras2cv_export.tracing.layer_outputs import layer_outputs

from .traced_ops import random


def model() -> keras.Model:
    """Return a small net of the layers that need channels last, or no dilation, without oneDNN."""
    keras.utils.set_random_seed(3)
    first = {"data_format": "channels_first"}
    image = keras.Input((3, 12, 14), name="image")
    x = layers.Conv2D(6, 3, padding="same", activation="relu", **first)(image)
    x = layers.BatchNormalization(axis=1)(x)
    x = layers.MaxPooling2D(2, **first)(x)
    x = layers.DepthwiseConv2D(3, padding="same", **first)(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", **first)(x)
    x = layers.Permute((2, 3, 1))(x)
    x = layers.Conv2DTranspose(4, 3, padding="same", dilation_rate=2)(x)
    x = layers.Permute((3, 1, 2))(x)
    x = layers.GlobalAveragePooling2D(**first)(x)
    return keras.Model(image, layers.Dense(5, activation="softmax", name="scores")(x))


def main() -> None:
    """Export them all."""
    folder = Path(sys.argv[1])
    net = model()
    net.save(folder / "net.keras")
    net.save(folder / "net.h5")
    net.export(folder / "net", verbose=False)
    sources = {
        "live": net,
        "keras": folder / "net.keras",
        "h5": folder / "net.h5",
        "savedmodel": folder / "net",
    }
    for name, source in sources.items():
        export(source, folder / f"{name}.cv", task="raw")
        print(name, flush=True)
    outputs = layer_outputs(load_model(net), [random(1, 3, 12, 14)])
    assert len(outputs.layers) >= len(net.layers) - 1
    print("layers")


if __name__ == "__main__":
    main()
