"""Let packages that were written for Keras 2 import it by its old name, `keras`.

    with old_keras():
        import keras_resnet.models

Inside, `keras.x` is `tf_keras.x`, or `tf_keras.src.x` for what was public once; afterwards `keras`
is Keras 3 again. Modules that were imported inside keep what they got.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

# Modules that were taken apart since, and where what packages import from them is.
_MOVED = {
    "keras.applications": "tf_keras.src.applications",
    "keras.utils.generic_utils": "tf_keras.src.saving.object_registration",
}


@contextmanager
def old_keras() -> Iterator[None]:
    """Import `keras` as Keras 2 inside."""
    newer = {name: module for name, module in sys.modules.items() if _is_keras(name)}
    finder = _Finder()
    for name in newer:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if _is_keras(name)]:
            del sys.modules[name]
        sys.modules.update(newer)


def _is_keras(name: str) -> bool:
    return name == "keras" or name.startswith("keras.")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules of Keras 2 under the name of Keras."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        if not _is_keras(fullname) or _module(fullname) is None:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """Return a module with the names of Keras 2's, whose own spec stays as it is."""
        module = ModuleType(spec.name)
        module.__dict__.update(
            {k: v for k, v in vars(_module(spec.name)).items() if not k.startswith("__")}
        )
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: all names are there."""


def _module(name: str) -> ModuleType | None:
    rest = name.removeprefix("keras")
    for place in (_MOVED.get(name, ""), f"tf_keras{rest}", f"tf_keras.src{rest}"):
        try:
            if place:
                return importlib.import_module(place)
        except ImportError:
            continue
    return None
