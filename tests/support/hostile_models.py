"""Model files as an attacker would write them, each harmless in fact: at worst a file appears.

`CONFIGS` are architectures, one for each way that is known to make a Keras do more than load a
model; most were a CVE. An attacker writes them by hand; no Keras saves them.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Config = dict[str, Any]

PROOF = "it_ran.txt"
_BYTECODE = "4wAAAAAAAAAAAAAAAAAAAAAAAAAA8wAAAAA="  # never decoded, if all is well


def part(module: str | None, name: str, config: Any, **more: Any) -> Config:
    """Return an object as Keras 3 serializes it.

    Args:
        module: Of its class.
        name: Of its class.
        config: Its arguments.
        **more: Other keys.
    """
    return {"module": module, "class_name": name, "config": config, "registered_name": None, **more}


def function(module: str, name: str) -> Config:
    """Return a function as Keras 3 serializes it."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def dense(**arguments: Any) -> Config:
    """Return a Dense layer "y" with hostile arguments."""
    return part("keras.layers", "Dense", {"name": "y", "units": 2, **arguments})


def model(*layers: Any) -> Config:
    """Return a Sequential model of layers."""
    first = part("keras.layers", "InputLayer", {"name": "x", "batch_shape": [None, 4]})
    config = {"name": "cat", "layers": [first, *layers], "build_input_shape": [None, 4]}
    return part("keras", "Sequential", config)


def old(name: str, config: Mapping[str, Any]) -> Config:
    """Return an object as Keras 2 serializes it, without a module."""
    return {"class_name": name, "config": dict(config)}


_LAMBDA = {"name": "spy", "function": part(None, "__lambda__", {"code": _BYTECODE})}
_OLD_LAMBDA = {"name": "spy", "function": [_BYTECODE, None, None], "function_type": "lambda"}

# Name -> (the architecture, a part of the error).
CONFIGS: dict[str, tuple[Config, str]] = {
    "CVE-2024-3660: a Lambda layer": (
        model(part("keras.layers", "Lambda", _LAMBDA)),
        "the Lambda in layer 'spy' holds Python code",
    ),
    "CVE-2025-9905: a Lambda layer of Keras 2, for .h5": (
        old("Sequential", {"name": "cat", "layers": [old("Lambda", _OLD_LAMBDA)]}),
        "the Lambda in layer 'spy' holds Python code",
    ),
    "a Lambda layer inside three others": (
        model(
            part(
                "keras.layers",
                "TimeDistributed",
                {"name": "t", "layer": model(part("keras.layers", "Lambda", _LAMBDA))},
            )
        ),
        "the Lambda in layer 'spy' holds Python code",
    ),
    "a Python lambda as an activation": (
        model(dense(activation=part(None, "__lambda__", {"code": _BYTECODE}))),
        "the __lambda__ in layer 'y' holds Python code",
    ),
    "a Python lambda in a place where nobody looks": (
        model(dense(a={"b": [[{"c": part(None, "__lambda__", {"code": _BYTECODE})}]]})),
        "the __lambda__ in layer 'y' holds Python code",
    ),
    "a wrapper of Keras 2 with code of its own": (
        old("ResidualWrapper", {"name": "r", "residual_fn_type": "lambda", "residual_fn": ["", 0]}),
        "the function in layer 'r' holds Python code",
    ),
    "a Lambda layer by another spelling": (
        model(part("keras.layers", "evil>lambda", _LAMBDA)),
        "in layer 'spy' holds Python code",
    ),
    "CVE-2026-1462: a SavedModel somewhere on the disk": (
        model(part("keras.layers", "TFSMLayer", {"name": "s", "filepath": "/evil"})),
        "the TFSMLayer in layer 's' loads a SavedModel from a path",
    ),
    "CVE-2025-49655: a pickled PyTorch module": (
        model(part("keras.layers", "TorchModuleWrapper", {"name": "t", "module": "gASV"})),
        "the TorchModuleWrapper in layer 't' unpickles",
    ),
    "CVE-2025-8747: a download as a layer": (
        model(part("keras.utils", "get_file", {"name": "g", "origin": "http://localhost/x"})),
        "the keras.utils.get_file in layer 'g' is no part of models",
    ),
    "CVE-2025-9906: the safe mode switched off by a layer": (
        model(part("keras.config", "enable_unsafe_deserialization", {"name": "off"})),
        "keras.config.enable_unsafe_deserialization in layer 'off' is no part of models",
    ),
    "another model, loaded by a layer": (
        model(part("keras.models", "load_model", {"name": "l", "filepath": "/evil.keras"})),
        "keras.models.load_model in layer 'l' is no part of models",
    ),
    "an application, which downloads its weights": (
        model(part("keras.applications", "VGG16", {"name": "v"})),
        "keras.applications.VGG16 in layer 'v' is no part of models",
    ),
    "a module of Keras' own that is no layer's": (
        model(part("keras.src.saving.saving_lib", "load_model", {"name": "l"})),
        "keras.src.saving.saving_lib.load_model in layer 'l' is no part of models",
    ),
    "a function of Python's own as a layer": (
        model(part("builtins", "exec", {"name": "e", "source": "raise SystemExit"})),
        "the exec in layer 'e' is taken from Python's module builtins",
    ),
    "CVE-2025-12058: a vocabulary that is a file": (
        model(part("keras.layers", "StringLookup", {"name": "w", "vocabulary": "/etc/passwd"})),
        "the lookup in layer 'w' reads the file '/etc/passwd'",
    ),
    "the same with another layer": (
        model(part("keras.layers", "TextVectorization", {"name": "w", "vocabulary": "gs://x/y"})),
        "the lookup in layer 'w' reads the file 'gs://x/y'",
    ),
    "CVE-2026-12479: a layer's name that is a path": (
        model(part("keras.layers", "Dense", {"name": "../../.bashrc", "units": 2})),
        "the name '../../.bashrc' leads out of the folder",
    ),
    "a type from any module": (
        model(dense(spec={**part("os", "__typespec__", []), "spec_name": "system"})),
        "the type in layer 'y' imports 'os'",
    ),
    "a plain call of Keras 2: deleting a folder": (
        old("TFOpLambda", {"name": "rm", "function": "io.gfile.rmtree"}),
        "the TFOpLambda in layer 'rm' calls tf.io.gfile.rmtree",
    ),
    "a plain call of Keras 2: loading a library": (
        old("TFOpLambda", {"name": "so", "function": "compat.v1.load_library"}),
        "the TFOpLambda in layer 'so' calls tf.compat.v1.load_library",
    ),
    "a plain call of Keras 2 that says nothing legible": (
        old("TFOpLambda", {"name": "so", "function": ["io.write_file"]}),
        "the TFOpLambda in layer 'so' calls tf.",
    ),
    "a method of TensorFlow": (
        old("ClassMethod", {"name": "c", "cls_symbol": "data.Dataset", "method_name": "load"}),
        "the ClassMethod in layer 'c' calls a method of TensorFlow",
    ),
    "a private method of a tensor": (
        old("InstanceMethod", {"name": "m", "method_name": "__reduce__"}),
        "the InstanceMethod in layer 'm' calls a private method",
    ),
    "a node of a graph that writes": (
        old("TensorFlowOpLayer", {"name": "n", "node_def": {"name": "n", "op": "WriteFile"}}),
        "the TensorFlowOpLayer in layer 'n' writes files (WriteFile)",
    ),
    "a node of a graph in bytes": (
        old("TensorFlowOpLayer", {"name": "n", "node_def": "\n\u0001n"}),
        "the TensorFlowOpLayer in layer 'n' adds an operation that is not legible",
    ),
    "a Lambda layer under a registered name": (
        model({**dense(), "registered_name": "Lambda"}),
        "the lambda in layer 'y' holds Python code",
    ),
    "a loss with code of its own": (
        old("AddLoss", {"name": "a", "fn": [_BYTECODE, None, None], "fn_type": "lambda"}),
        "the function in layer 'a' holds Python code",
    ),
    "a Lambda layer of Keras 2 inside a layer": (
        old("TimeDistributed", {"name": "t", "layer": old("Lambda", _OLD_LAMBDA)}),
        "the Lambda in layer 'spy' holds Python code",
    ),
    "a Lambda layer that names a function": (
        old("Lambda", {"name": "spy", "function": "system", "function_type": "function"}),
        "the Lambda in layer 'spy' holds Python code",
    ),
    "a Lambda layer in what a model is built from": (
        {**model(dense()), "build_config": {"input_shape": [part(None, "__lambda__", {})]}},
        "the __lambda__ in layer 'cat' holds Python code",
    ),
    "columns of words in a file": (
        old("DenseFeatures", {"name": "f", "feature_columns": [
            old("VocabularyFileCategoricalColumn", {"vocabulary_file": "/etc/passwd"})
        ]}),
        "reads a file that the model names",
    ),
    "weights of words that are a file": (
        model(part("keras.layers", "TextVectorization", {"name": "w", "idf_weights": "/x"})),
        "the lookup in layer 'w' reads the file '/x'",
    ),
    "a slice that calls a function": (
        old("SlicingOpLambda", {"name": "s", "function": "io.write_file"}),
        "the SlicingOpLambda in layer 's' calls tf.io.write_file",
    ),
    "a plain call of Keras 2: Python's own names": (
        old("TFOpLambda", {"name": "b", "function": "nn.__builtins__"}),
        "the TFOpLambda in layer 'b' calls tf.nn.__builtins__",
    ),
    "a plain call of Keras 2: a Python function": (
        old("TFOpLambda", {"name": "p", "function": "compat.v1.py_func"}),
        "the TFOpLambda in layer 'p' calls tf.compat.v1.py_func",
    ),
    "a private attribute of a tensor": (
        old("InstanceProperty", {"name": "m", "attr_name": "__class__"}),
        "the InstanceProperty in layer 'm' reads a private attribute",
    ),
    "a function instead of a type": (
        model(dense(spec={**part("keras.src.utils", "__typespec__", []), "spec_name": "get_file"})),
        "the type in layer 'y' imports 'keras.src.utils'",
    ),
    "a call of JAX": (
        model(part("keras.src.utils.jax_layer", "JaxLayer", {"name": "j"})),
        "the JaxLayer in layer 'j' calls JAX functions",
    ),
    "a class that is no name": (
        model({"module": "keras.layers", "class_name": ["Dense"], "config": {"name": "l"}}),
        "the object in layer 'l' has a class that is no name",
    ),
}  # fmt: skip

# Name -> (the architecture, the name that the error asks for): unregistered code.
FOREIGN: dict[str, tuple[Config, str]] = {
    "CVE-2025-1550: a function of any module as an activation": (
        model(dense(activation=function("os", "system"))),
        "system",
    ),
    "a function of Python's own": (model(dense(activation=function("builtins", "eval"))), "eval"),
    "a class of any module as a layer": (
        model(part("subprocess", "Popen", {"name": "p", "args": ["touch", PROOF]})),
        "subprocess.Popen",
    ),
    "an initializer of any module": (
        model(dense(kernel_initializer=part("antigravity", "Constant", {}))),
        "antigravity.Constant",
    ),
    "a metric in the compile_config of a model inside": (
        model({**model(), "compile_config": {"loss": part("this", "Loss", {})}}),
        "this.Loss",
    ),
    "a class from __main__": (
        model({**part(None, "Scale", {"name": "s"}), "registered_name": "evil>Scale"}),
        "evil>Scale",
    ),
}


def write_archive(path: Path, config: Any) -> Path:
    """Write a .keras archive around an architecture, with weights that are none."""
    weights = path.with_suffix(".weights.h5")
    with h5py.File(weights, "w") as file:
        file["layers/y/vars/0"] = np.linspace(-1, 1, 8, dtype=np.float32).reshape(4, 2)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.write(weights, "model.weights.h5")
    weights.unlink()
    return path


def write_hdf5(path: Path, config: Any) -> Path:
    """Write an .h5 file around an architecture."""
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.create_group("model_weights").attrs["layer_names"] = []
    return path
