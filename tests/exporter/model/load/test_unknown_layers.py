"""Files with layers that no Keras here has: one sentence names them, and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from keras2cv_export.model.load.unknown_layers import hint_for


def write(path: Path, layers: Any, version: str = "2.4.0") -> Path:
    """Write an .h5 file with this architecture, as Keras 1 or 2 would."""
    with h5py.File(path, "w") as file:
        config = {"class_name": "Sequential", "config": layers}
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = version
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"dense_1"]
        dense = weights.create_group("dense_1")
        dense.attrs["weight_names"] = [b"dense_1_W"]
        dense["dense_1_W"] = np.ones((4, 3), np.float32)
    return path


def layer(name: str) -> dict[str, Any]:
    """Return the config of a Sequential with one layer of that class."""
    first = {"batch_input_shape": [None, 4], "dtype": "float32", "name": "x"}
    own = {"name": "own", "trainable": True, "dtype": "float32"}
    layers = [
        {"class_name": "InputLayer", "config": {**first, "sparse": False, "ragged": False}},
        {"class_name": name, "config": own},
    ]
    return {"name": "s", "layers": layers}


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Mystery", "Pass the module that defines them with --import"),
        ("KerasLayer", "--import tensorflow_hub"),
        ("QuantizeWrapperV2", "export the model before quantize_model()"),
        ("PruneLowMagnitude", "strip_pruning(model)"),
        ("Addons>InstanceNormalization", "define a class of that name"),
        ("FixedDropout", "--import efficientnet"),
    ],
)
def test_layers_of_other_packages_are_named_with_the_way_out(
    tmp_path: Path, name: str, advice: str
) -> None:
    """Keras itself says "Unknown layer", and where to read about scopes."""
    path = write(tmp_path / "m.h5", layer(name))
    with pytest.raises(ModelError) as caught:
        load_model(path)
    said = str(caught.value)
    assert f": {name}. " in said
    assert advice in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ("sparsity.keras.pruning_wrapper.PruneLowMagnitude", "strip_pruning(model)"),
        ("clustering.keras.cluster_wrapper.ClusterWeights", "strip_clustering(model)"),
        ("quantization.keras.quantize_layer.QuantizeLayer", "model.export(FOLDER)"),
        ("quantization.keras.quantizers.MovingAverageQuantizer", "before quantize_model()"),
    ],
)
def test_what_a_file_names_of_tfmot_is_to_be_stripped(place: str, advice: str) -> None:
    """Its classes would only be read to be taken off again."""
    said = hint_for([f"tensorflow_model_optimization.python.core.{place}"])
    assert said is not None
    assert advice in said


@pytest.mark.parametrize("version", ["1.2.2", "2.0.0"])
def test_a_file_of_keras_1_is_named_as_such(tmp_path: Path, version: str) -> None:
    """By its version, or by its words for a layer's options."""
    config = {"name": "dense_1", "output_dim": 3, "init": "uniform", "batch_input_shape": [None, 4]}
    path = write(tmp_path / "m.h5", [{"class_name": "Dense", "config": config}], version)
    with pytest.raises(ModelError, match=r"was saved by Keras 1, .*save it there"):
        load_model(path)


@pytest.mark.parametrize("version", ["2.15.0", "3.1.0"])
def test_a_lambda_as_an_option_is_named_with_the_way_out(tmp_path: Path, version: str) -> None:
    """It is written as bytecode that neither Keras reads back."""
    layers = layer("Dense")
    layers["layers"][1]["config"] |= {
        "units": 3,
        "activation": {"class_name": "__lambda__", "config": {"value": ["4wEA", None, None]}},
    }
    path = write(tmp_path / "mdn.h5", layers, version)
    with pytest.raises(ModelError, match=r"'?own'? has a lambda as an option.*SavedModel"):
        load_model(path, unsafe=True)
