"""Code outside of Keras that a model's file needs, and whether it may run."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from keras2cv.errors import ModelError
from keras2cv.visible_text import shown
from keras2cv_export.model import config as architecture
from keras2cv_export.model.imported_function import prints_on_stderr, search_working_folder

from .error_messages import sentence
from .unknown_layers import UnknownNamesError, hint_for


def import_modules(names: Sequence[str]) -> None:
    """Import the user's modules, which define their layers; the working folder is searched as well.

    Raises:
        ModelError: A module cannot be imported.
    """
    if names:
        search_working_folder()
    for name in names:
        try:
            with prints_on_stderr():
                importlib.import_module(name)
        except (Exception, SystemExit) as error:  # any error of the user's own code
            raise ModelError(
                f"The module {name!r} cannot be imported ({sentence(error).rstrip('.')}). "
                "Give its dotted name, and run from the folder that holds it."
            ) from error


def own_objects(modules: Sequence[str], config: Any) -> dict[str, Any]:
    """Return those objects of the imported modules and their packages that the model may name.

    Objects under a name of Keras' own are left out: they would take its place in the model.
    """
    foreign = architecture.foreign_classes(config)
    called = {re.split(r"[.>]", name)[-1] for name in foreign}
    called |= architecture.function_names(config) - set(dir(keras.activations))
    offered = {
        name: thing
        for module in modules
        for name, thing in vars(sys.modules[module]).items()
        if callable(thing) and _top(getattr(thing, "__module__", "")) == _top(module)
        if name in called or (isinstance(thing, type) and not hasattr(keras.layers, name))
    }
    found = {**_inside(modules, foreign), **offered}
    renamed = {n: found[n.rpartition(">")[2]] for n in foreign if n.rpartition(">")[2] in found}
    return {**found, **renamed}


def _inside(modules: Sequence[str], foreign: Sequence[str]) -> dict[str, Any]:
    """Return classes deeper in the imported packages than their front modules show.

    KerasHub has one that it neither registers nor shows: RetinaNet's label encoder.
    """
    packages = {_top(module) for module in modules}
    places = [name.rpartition(".") for name in foreign if _top(name) in packages]
    found = {name: getattr(sys.modules.get(module), name, None) for module, _, name in places}
    return {name: thing for name, thing in found.items() if callable(thing)}


def _top(module: str) -> str:
    return str(module).partition(".")[0]


def refuse_unknown(
    path: Path, config: Any, own: Mapping[str, Any], modules: Sequence[str] = ()
) -> None:
    """Refuse a file with names that are not known here.

    Args:
        path: The file, for the message.
        config: Its architecture.
        own: What the imported modules gave.
        modules: The imported modules: one of their packages may define the names.

    Raises:
        ModelError: A name is neither Keras', nor registered, nor in `own`.
    """
    known = {**keras.saving.get_custom_objects(), **_registered_in_keras_2(), **own}
    foreign = architecture.foreign_classes(config)
    unknown = [name for name in foreign if not {name, name.rpartition(".")[2]} & known.keys()]
    if unknown:
        module = _defined_in(unknown, modules) or _module_of(unknown)
        advice = hint_for(unknown) or (
            f"Pass the module that defines them with --import {shown(module)} "
            f"(in Python: imports=['{shown(module)}'])."
        )
        raise UnknownNamesError(
            f"{path} uses classes or functions that are not known here: "
            f"{', '.join(map(shown, unknown))}. "
            f"{advice}",
            unknown,
        )


def _registered_in_keras_2() -> Mapping[str, Any]:
    """Return what the user's modules registered in tf_keras, if they imported it."""
    tf_keras = sys.modules.get("tf_keras")
    return {} if tf_keras is None else tf_keras.saving.get_custom_objects()


def _defined_in(unknown: Sequence[str], modules: Sequence[str]) -> str:
    """Return the module, of those in memory, in which an imported package defines a name; or "".

    Keras writes a function by its bare name. The user has to name the module, and not the file:
    a package may hold functions that no file should choose.
    """
    tops = {_top(module) for module in modules}
    places = [name for name in sorted(sys.modules) if _top(name) in tops]
    for name in (item.rpartition(".")[2] for item in unknown):
        for place in places:
            thing = vars(sys.modules[place]).get(name)
            if callable(thing) and getattr(thing, "__module__", "") == place:
                return place
    return ""


def _module_of(unknown: Sequence[str]) -> str:
    """Return the module that a user would import for these names, or an example of one."""
    if any(name.startswith("keras_hub>") for name in unknown):  # its classes name the package only
        return "keras_hub"
    modules = [name.rpartition(".")[0] for name in unknown]
    return next((module for module in modules if module and ">" not in module), "mypkg.layers")
