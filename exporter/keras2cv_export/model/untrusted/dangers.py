"""Find the side effects of a config: running code, reading files, calling other libraries.

Every known way in is closed here, whatever the installed Keras: 3.8 follows links that 3.15
refuses, and Keras 2 (tf_keras) has no safe mode for .h5 at all. The samples in
`tests/exporter/untrusted` go through each, with the CVE where it has one.

A config is a tree of serialized objects, dicts with a `class_name`. They are looked at wherever
they are: as layers, as wrapped layers, as activations, in a layer's arguments. A class of Keras
has to be a class, in a module of layers and the like (`keras.utils.get_file` is neither); classes
of unknown modules are left to `own_code.refuse_unknown`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from keras2cv_export.model.config import is_keras

from .danger import Danger, shown
from .functions import is_arithmetic
from .operations import does_more

_RUNS_CODE: Final = "holds Python code, which runs when it is loaded"
# By lower-case name without underscores: Keras 2 also knows its classes by other spellings.
_CLASSES: Final[Mapping[str, str]] = {
    "lambda": _RUNS_CODE,
    "tfsmlayer": "loads a SavedModel from a path that the file names, and runs it",
    "torchmodulewrapper": "unpickles a PyTorch module, which can run any code",
    "jaxlayer": "calls JAX functions that the file names",
    "flaxlayer": "calls Flax functions that the file names",
    "classmethod": "calls a method of TensorFlow that the file names",
    "vocabularyfilecategoricalcolumn": "reads a file that the model names",
}
# Modules that models are made of; not keras.utils, keras.saving, keras.config, keras.datasets, ...
_PARTS: Final = frozenset((
    "activations", "applications", "constraints", "dtype_policies", "initializers", "layers",
    "losses", "metrics", "models", "ops", "optimizers", "quantizers", "random", "regularizers",
    "engine", "mixed_precision",  # of Keras 2
))  # fmt: skip
_ROOT_CLASSES: Final = frozenset((
    "DTypePolicy", "FloatDTypePolicy", "Functional", "Initializer", "KerasTensor", "Layer", "Loss",
    "Metric", "Model", "Operation", "Optimizer", "Quantizer", "Regularizer", "Sequential",
    "StatelessScope", "SymbolicScope", "Variable",
))  # fmt: skip
_MOST_MODULES: Final = 1024  # remembered; a file may name any number
_FILE_ARGUMENTS: Final = ("vocabulary", "idf_weights", "vocabulary_file", "initial_vocabulary")
_TYPE_SPEC: Final = re.compile(r"(tensorflow\.python|keras)\.[\w.]+Spec(V2)?")


def dangers(config: Any) -> list[Danger]:
    """Return every side effect that loading a model of this config would have."""
    found = [danger for item, layer in _dicts(config) for danger in _of_dict(item, layer)]
    found_texts = {str(danger) for danger in found}
    # The function inside a Lambda layer is a second object, but no second danger.
    return [danger for danger in found if _as_layer(danger) not in found_texts - {str(danger)}]


def _as_layer(danger: Danger) -> str:
    return str(danger).replace("the __lambda__", "the Lambda")


def _dicts(config: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield every dict of the config, with the name of the layer that it belongs to."""
    stack = [(config, "")]
    while stack:
        item, layer = stack.pop()
        if isinstance(item, dict):
            layer = _layer_name(item) or layer
            yield item, layer
            stack.extend((value, layer) for value in reversed(item.values()))
        elif isinstance(item, list):
            stack.extend((value, layer) for value in reversed(item))


def _layer_name(item: Mapping[str, Any]) -> str:
    config = item.get("config")
    name = config.get("name") if isinstance(config, dict) and "class_name" in item else None
    return name if isinstance(name, str) else ""


def _of_dict(item: dict[str, Any], layer: str) -> Iterator[Danger]:
    if "class_name" in item:
        yield from _of_object(item, layer)
    # Keras 2 keeps a function beside its type: {"residual_fn": [code, ...], "..._type": "lambda"}
    if any(str(k).endswith("_type") and v == "lambda" for k, v in item.items()):
        yield Danger(_where("function", layer), _RUNS_CODE)
    for key in _FILE_ARGUMENTS:
        if isinstance(item.get(key), str) and item[key]:
            yield Danger(_where("lookup", layer), f"reads the file {shown(item[key])}")
    if isinstance(item.get("name"), str) and _leaves_folder(item["name"]):
        yield Danger(f"the name {shown(item['name'])}", "leads out of the folder of its assets")


def _of_object(item: dict[str, Any], layer: str) -> Iterator[Danger]:
    name, config = item["class_name"], item.get("config")
    if not isinstance(name, str):
        yield Danger(_where("object", layer), f"has a class that is no name: {shown(name)}")
        return
    plain, registered = _plain(name), _plain(str(item.get("registered_name")))
    if plain not in _CLASSES and registered in _CLASSES:
        yield Danger(_where(registered, layer), _CLASSES[registered])
    elif plain in _CLASSES:
        yield Danger(_where(name, layer), _CLASSES[plain])
    elif plain in ("tfoplambda", "slicingoplambda"):
        yield from _of_function(item, layer)
    elif plain == "tensorflowoplayer":
        yield from _of_node(item, layer)
    elif plain == "instanceproperty" and not _is_public(config, "attr_name"):
        yield Danger(_where(name, layer), "reads a private attribute that the file names")
    elif plain == "instancemethod" and not _is_public(config, "method_name"):
        yield Danger(_where(name, layer), "calls a private method that the file names")
    elif name == "__typespec__":
        if not _TYPE_SPEC.fullmatch(f"{item.get('module')}.{item.get('spec_name')}"):
            yield Danger(_where("type", layer), f"imports {shown(item.get('module'))}")
    else:
        yield from _of_module(item, layer)


def _plain(name: str) -> str:
    """Return a class' name as every Keras compares it: no package, no underscores, no capitals."""
    return name.rpartition(">")[2].replace("_", "").lower()


def _of_module(item: dict[str, Any], layer: str) -> Iterator[Danger]:
    """Look at the objects that Keras would find by importing a module of its own."""
    module, name = item.get("module"), item["class_name"]
    if not is_keras(module) or name == "function":  # of others: `own_code.refuse_unknown`
        return
    if module in ("builtins", "numpy"):
        if name != "type":
            yield Danger(_where(name, layer), f"is taken from Python's module {module}")
    elif not _is_part(str(module), name):
        yield Danger(_where(f"{module}.{name}", layer), "is no part of models, and may do anything")


def _is_part(module: str, name: str) -> bool:
    """Whether Keras' `module` holds a class `name` that models are made of."""
    parts = [part for part in module.split(".")[1:] if part != "src"]
    if not parts:
        return name in _ROOT_CLASSES
    if parts[0] not in _PARTS or not name.isidentifier():
        return False
    found = [getattr(opened, name, None) for opened in _modules(module)]
    return all(one is None or isinstance(one, type) for one in found)


def _modules(name: str) -> Iterator[Any]:
    """Yield the modules in which a Keras would look; tf_keras takes names that begin with keras."""
    for spelling in (name, f"tf_{name}" if name.startswith("keras.src.") else name):
        if (module := _imported(spelling)) is not None:
            yield module


@lru_cache(_MOST_MODULES)
def _imported(name: str) -> Any:
    """Import a module; None for that of another Keras, which the installed one reports itself."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _of_function(item: dict[str, Any], layer: str) -> Iterator[Danger]:
    config = item.get("config")
    function = config.get("function") if isinstance(config, dict) else None
    # SlicingOpLambda has a fixed function, which its config names.
    if function is not None and not is_arithmetic(function):
        yield Danger(_where(item["class_name"], layer), f"calls tf.{shown(function)[1:-1]}")


def _of_node(item: dict[str, Any], layer: str) -> Iterator[Danger]:
    config = item.get("config")
    node = config.get("node_def") if isinstance(config, dict) else None
    if not isinstance(node, dict) or not isinstance(node.get("op"), str):
        yield Danger(_where(item["class_name"], layer), "adds an operation that is not legible")
    elif does := does_more(node["op"]):
        yield Danger(_where(item["class_name"], layer), f"{does} ({shown(node['op'])[1:-1]})")


def _where(subject: str, layer: str) -> str:
    named = shown(subject)[1:-1]
    return f"the {named} in layer {shown(layer)}" if layer else f"a {named}"


def _is_public(config: Any, key: str) -> bool:
    name = config.get(key) if isinstance(config, dict) else None
    return isinstance(name, str) and name.isidentifier() and not name.startswith("_")


def _leaves_folder(name: str) -> bool:
    parts = re.split(r"[/\\]", name)
    return ".." in parts or name.startswith(("/", "\\")) or ":\\" in name
