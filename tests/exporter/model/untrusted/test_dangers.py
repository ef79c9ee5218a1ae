"""The side effects of a config: each known one is found, and honest models are accepted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import support.hostile_models as hostile
from keras2cv.errors import ModelError
from keras2cv_export.model.load import load_model
from keras2cv_export.model.untrusted.dangers import dangers
from keras2cv_export.model.untrusted.functions import is_arithmetic


@pytest.mark.parametrize("name", hostile.CONFIGS)
def test_every_known_way_is_found(name: str) -> None:
    """Each is named with its layer and its side effect."""
    config, said = hostile.CONFIGS[name]
    assert said in "; ".join(map(str, dangers(config)))


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("name", hostile.CONFIGS)
def test_no_file_with_such_a_config_is_loaded(tmp_path: Path, name: str, suffix: str) -> None:
    """A file of any format is refused, and the error names the effect of --unsafe."""
    config, message = hostile.CONFIGS[name]
    write = hostile.write_archive if suffix == "keras" else hostile.write_hdf5
    path = write(tmp_path / f"cat.{suffix}", config)
    with pytest.raises(ModelError, match=rf"(?s){re.escape(message)}.*pass --unsafe"):
        load_model(path)


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("name", hostile.FOREIGN)
def test_nobodys_classes_are_asked_for_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, unsafe: bool
) -> None:
    """Only --import decides which modules are imported; neither the file nor --unsafe does."""
    monkeypatch.chdir(tmp_path)
    config, message = hostile.FOREIGN[name]
    path = hostile.write_archive(tmp_path / "cat.keras", config)
    with pytest.raises(ModelError, match=rf"not known here: .*{re.escape(message)}.*--import"):
        load_model(path, unsafe=unsafe)
    assert not Path(hostile.PROOF).exists()


def test_the_function_of_a_lambda_layer_is_not_listed_twice() -> None:
    """One layer, one danger."""
    config, _ = hostile.CONFIGS["CVE-2024-3660: a Lambda layer"]
    assert len(dangers(config)) == 1


HONEST: dict[str, Any] = {
    "layers by their public names": hostile.model(
        hostile.dense(activation="relu", name="block/dense_1")
    ),
    "an operation of keras.src": hostile.model(
        hostile.part("keras.src.ops.numpy", "Add", {"name": "add"})
    ),
    "a layer of an application": hostile.part(
        "keras.src.applications.convnext", "LayerScale", {"name": "s"}
    ),
    "a policy": hostile.dense(dtype=hostile.part("keras", "DTypePolicy", {"name": "float32"})),
    "a NumPy type": hostile.dense(t=hostile.part("builtins", "type", "float32")),
    "a vocabulary that is a list": hostile.part(
        "keras.layers", "StringLookup", {"name": "w", "vocabulary": ["a", "b"]}
    ),
    "plain calls of Keras 2": [
        hostile.old("TFOpLambda", {"name": n, "function": n})
        for n in (
            "nn.relu6",
            "math.reduce_mean",
            "__operators__.add",
            "compat.v1.transpose",
            "cast",
        )
    ],
    "slices of Keras 2": hostile.old(
        "SlicingOpLambda", {"name": "s", "function": "__operators__.getitem"}
    ),
    "a node of a graph that computes": hostile.old(
        "TensorFlowOpLayer", {"name": "n", "node_def": {"name": "n", "op": "Relu6"}}
    ),
    "a layer of a Keras that is not here": hostile.part("keras.layers", "NewIn2030", {"name": "n"}),
    "a layer that is called like a danger": hostile.dense(name="Lambda"),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_configs_are_let_be(name: str) -> None:
    """Configs that Keras itself writes are no danger."""
    assert dangers(HONEST[name]) == []


@pytest.mark.parametrize(
    "name",
    [
        *("io.read_file", "io.gfile.copy", "load_op_library", "py_function", "numpy_function"),
        *("raw_ops.WriteFile", "compat.v1.py_func", "saved_model.load", "summary.write", "print"),
        *("random.set_seed", "keras.models.load_model", "keras.backend.clear_session", "", "nn"),
        *("keras.utils.get_file", "data.Dataset.list_files", "__internal__.x", "nn.x.y", "map_fn"),
    ],
)
def test_functions_that_do_more_than_compute_are_not_arithmetic(name: str) -> None:
    """A file of Keras 2 can name any function of tf."""
    assert not is_arithmetic(name)
