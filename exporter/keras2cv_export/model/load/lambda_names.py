"""The names that a Lambda layer's function reads, and that its file does not hold.

A file has the function's bytecode alone. Keras runs it among the names of a module of its own:
`tf`, `K` or a helper beside the function are not defined there. The names of common imports are
given to it, and those of the user's modules. Only --unsafe files come this far.
"""

from __future__ import annotations

import dis
import importlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

from keras2cv_export.model.config import walk
from keras2cv_export.model.plain_ops import patched

# As scripts import them: name -> module. Keras 3 keeps the old backend's functions there.
_COMMON: Final[Mapping[str, str]] = {
    "tf": "tensorflow",
    "tensorflow": "tensorflow",
    "np": "numpy",
    "numpy": "numpy",
    "math": "math",
}
_OF_KERAS: Final[Mapping[str, Mapping[str, str]]] = {
    "keras": {
        "keras": "keras",
        "K": "keras._tf_keras.keras.backend",
        "backend": "keras._tf_keras.keras.backend",
        "ops": "keras.ops",
        "layers": "keras.layers",
        "activations": "keras.activations",
    },
    "tf_keras": {
        "keras": "tf_keras",
        "tf_keras": "tf_keras",
        "K": "tf_keras.backend",
        "backend": "tf_keras.backend",
        "layers": "tf_keras.layers",
        "activations": "tf_keras.activations",
    },
}
_UNDEFINED: Final = re.compile(r"name '(\w+)' is not defined")


@contextmanager
def names_given(library: ModuleType, modules: Sequence[str]) -> Iterator[None]:
    """Give functions that are loaded meanwhile the names of common imports and of `modules`.

    Args:
        library: The Keras that loads: `keras` or `tf_keras`.
        modules: The user's modules, imported; their names come first.
    """
    home = "python_utils" if library.__name__ == "keras" else "generic_utils"
    utilities = importlib.import_module(f"{library.__name__}.src.utils.{home}")
    common = {**_COMMON, **_OF_KERAS[library.__name__]}
    with patched(utilities, "func_load", lambda original: _named(original, common, modules)):
        yield


def missing_name(error: BaseException) -> str | None:
    """Return the name that an error says is not defined."""
    found = _UNDEFINED.search(str(error))
    return found[1] if found else None


def advice(config: Any) -> str:
    """Return what to do about a missing name, with the module that the file tells of."""
    homes = sorted({home for home in _homes(config) if home not in ("", "__main__", *sys.modules)})
    return (
        "A Lambda layer's function reads it, and the file does not hold it: pass the module that "
        f"defines it with --import {homes[0] if homes else 'MODULE'}. What a script or notebook "
        "defines has to be put into a module first."
    )


def _homes(config: Any) -> Iterator[str]:
    """Yield the modules in which Lambda layers were made, as Keras 2 writes them."""
    for item in walk(config):
        settings = item.get("config")
        if isinstance(settings, dict) and str(item["class_name"]).endswith("Lambda"):
            yield str(settings.get("module") or "")


def _named(
    original: Callable[..., FunctionType], common: Mapping[str, str], modules: Sequence[str]
) -> Callable[..., FunctionType]:
    def func_load(*given: Any, **more: Any) -> FunctionType:
        function = original(*given, **more)
        names = _read_names(function.__code__)
        known = {**_imported(names, common), **function.__globals__, **_own(names, modules)}
        made = FunctionType(
            function.__code__, known, function.__name__, function.__defaults__, function.__closure__
        )
        made.__kwdefaults__ = function.__kwdefaults__
        return made

    return func_load


def _read_names(code: CodeType) -> set[str]:
    """Return the global names that a function reads, in its inner functions as well."""
    found = {str(one.argval) for one in dis.get_instructions(code) if one.opname == "LOAD_GLOBAL"}
    inner = [one for one in code.co_consts if isinstance(one, CodeType)]
    return found.union(*map(_read_names, inner))


def _imported(names: set[str], common: Mapping[str, str]) -> dict[str, Any]:
    return {name: importlib.import_module(common[name]) for name in names & common.keys()}


def _own(names: set[str], modules: Sequence[str]) -> dict[str, Any]:
    spaces = [vars(sys.modules[module]) for module in reversed(modules) if module in sys.modules]
    return {name: space[name] for space in spaces for name in names if name in space}
