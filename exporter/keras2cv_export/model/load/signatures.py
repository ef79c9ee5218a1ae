"""Choose the signature of a SavedModel: a named function, with named inputs and outputs.

It is chosen in the protobuf, before TensorFlow loads anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tensorflow.core.framework import types_pb2

from keras2cv.errors import ModelError
from keras2cv_export.model.untrusted.danger import shown

DEFAULT: Final = "serving_default"  # the name that Keras, and TensorFlow Serving, look for
_OF_TENSORFLOW: Final = "__saved_model"  # prefix of the signatures that TensorFlow itself runs
_SHOWN: Final = 8


def choose_signature(path: Path, graphs: Any, wanted: str | None) -> tuple[str, str | None]:
    """Return the signature to export, and a note if the file has others.

    Without `wanted`, that is `serving_default`, or the only one whose inputs are numbers.

    Args:
        path: The SavedModel's folder.
        graphs: Its protobuf.
        wanted: The name that the user gave.

    Raises:
        ModelError: There is no such signature, none at all, or several to choose from.
    """
    found = {
        name: signature
        for graph in graphs.meta_graphs[:1]
        for name, signature in sorted(graph.signature_def.items())
        if not name.startswith(_OF_TENSORFLOW)
    }
    if wanted is None:
        name = _by_default(path, found)
    elif wanted in found:
        name = wanted
    else:
        raise ModelError(
            f"{path} has no signature {wanted!r}. It has: {_list(found) or 'none'}. "
            "Give one of these with --signature."
        )
    if _takes_text(found[name]):
        raise _text_error(path, name, found)
    others = {other: found[other] for other in found if other != name}
    return name, _note(path, name, others) if others else None


def _by_default(path: Path, found: Mapping[str, Any]) -> str:
    numeric = [name for name, signature in found.items() if not _takes_text(signature)]
    if DEFAULT in numeric:
        return DEFAULT
    if len(numeric) == 1:
        return numeric[0]
    if not found:
        raise ModelError(
            f"{path} has no signature, so that nothing says how it is called. Write it with "
            f"model.export(folder), or with signatures={{{DEFAULT!r}: ...}}."
        )
    if not numeric:
        raise _text_error(path, next(iter(found)), found)
    raise ModelError(
        f"{path} has several signatures: {_list(found)}. Choose one with --signature "
        "(in Python: signature='...')."
    )


def _text_error(path: Path, name: str, found: Mapping[str, Any]) -> ModelError:
    numeric = {other: s for other, s in found.items() if not _takes_text(s)}
    advice = (
        f"These take numbers: {_list(numeric)}. Choose one with --signature."
        if numeric
        else "Decode or look up before the model, and save a signature for the part that follows."
    )
    return ModelError(
        f"The signature {shown(name)} of {path} takes text or encoded files, and OpenCV takes "
        f"numbers only. {advice}"
    )


def _note(path: Path, name: str, others: Mapping[str, Any]) -> str:
    return (
        f"{path.name} has several signatures, and {shown(name)} is exported. --signature chooses "
        f"another: {_list(others)}."
    )


def _takes_text(signature: Any) -> bool:
    return any(info.dtype == types_pb2.DT_STRING for info in signature.inputs.values())


def _list(signatures: Mapping[str, Any]) -> str:
    names = [f"{shown(name)} ({_arrow(signatures[name])})" for name in list(signatures)[:_SHOWN]]
    more = len(signatures) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _arrow(signature: Any) -> str:
    sides = (signature.inputs, signature.outputs)
    return " -> ".join(", ".join(shown(name)[1:-1] for name in sorted(side)) for side in sides)
