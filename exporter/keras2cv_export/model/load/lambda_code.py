"""Find Lambda layers whose bytecode is of another Python than the one that runs.

Keras stores a Lambda's function as `marshal.dumps(function.__code__)`, in base64, and no version
with it. Python changes its bytecode with every minor release: to load another's ends in an error
that names neither the layer nor the cause, in a crash, or in other numbers. The release is told by
the layout of the marshalled object, then by what only this Python's compiler writes.
"""

from __future__ import annotations

import base64
import binascii
import dis
import marshal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any, Final

from keras2cv.errors import ModelError
from keras2cv_export.model.config import walk
from keras2cv_export.model.untrusted.danger import shown

_CODE: Final = 0x63  # marshal's type code "c"; 0x80 beside it marks an object that is shared
_BYTES: Final = (0x73, 0xF3)  # marshal's type code "s"
_NOFREE: Final = 0x40  # a flag that compilers set until Python 3.10
_LAST: Final = ("RETURN_VALUE", "RETURN_CONST", "RERAISE", "RAISE_VARARGS", "JUMP_BACKWARD")
_HERE: Final = f"{sys.version_info[0]}.{sys.version_info[1]}"


def refuse_other_bytecode(path: Path, config: Any) -> None:
    """Refuse a file with bytecode that this Python did not write.

    Raises:
        ModelError: There is such bytecode; the error names its layer, and the way out.
    """
    for layer, code in _lambdas(config):
        python = _other_python(code)
        if python is not None:
            raise ModelError(
                f"{path}: the Lambda in layer {shown(layer)} holds bytecode of {python}, and this "
                f"is Python {_HERE}, which computes something else with it or crashes. Open the "
                "model with that Python, save it there as a SavedModel (model.export('folder'), "
                "in Keras 2 model.save('folder')), and export that folder."
            )


def _lambdas(config: Any) -> Iterator[tuple[str, str]]:
    """Yield the name of each layer with bytecode, and the bytecode in base64."""
    for item in walk(config):
        settings = item.get("config")
        if not isinstance(settings, dict) or item["class_name"].rpartition(">")[2] != "Lambda":
            continue
        function = settings.get("function")
        if isinstance(function, dict) and isinstance(function.get("config"), dict):
            function = function["config"].get("code")
        if isinstance(function, list) and function:
            function = function[0]
        if isinstance(function, str) and settings.get("function_type", "lambda") == "lambda":
            yield str(settings.get("name", "")), function


def _other_python(text: str) -> str | None:
    """Return the Python that wrote bytecode in base64, as far as it can be told; None: this one."""
    try:
        raw = base64.b64decode(text, validate=False)
        era = _layout(raw)
        if era is None or not _is_ours(era):
            return f"Python {era}" if era else "another Python"
        code = marshal.loads(raw)  # noqa: S302 - the user trusts the file, and Keras does it next
    except (binascii.Error, ValueError, EOFError, TypeError, struct.error):
        return "another Python"
    return None if _is_of_this_compiler(code) else "another Python"


def _layout(raw: bytes) -> str | None:
    """Return which releases write a code object so; None: none of Python 3.

    Up to 3.7 it begins with 5 numbers, the third of them nlocals; 3.8 added posonlyargcount, and
    3.11 dropped nlocals (Python/marshal.c, w_complex_object). The bytecode itself comes next.
    """
    if not raw or raw[0] & 0x7F != _CODE:
        return None
    for count, releases in ((6, "3.8 to 3.10"), (5, "3.11 or later")):
        end = 1 + 4 * count
        if len(raw) > end and raw[end] in _BYTES:
            flags = struct.unpack_from("<i", raw, end - 4)[0]
            return "3.7 or earlier" if count == 5 and flags & _NOFREE else releases
    return None


def _is_ours(era: str) -> bool:
    return era == ("3.11 or later" if sys.version_info >= (3, 11) else "3.8 to 3.10")


def _is_of_this_compiler(code: CodeType) -> bool:
    """Whether bytecode has only what this Python's compiler writes, in functions inside as well."""
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return _is_plausible(code) and all(map(_is_of_this_compiler, inner))


def _is_plausible(code: CodeType) -> bool:
    """Whether every unit is an instruction with its caches, as many as this Python reserves."""
    try:
        steps = list(dis.get_instructions(code))
    except (LookupError, ValueError):  # an argument that points at no constant, name or block
        return False
    names = [step.opname for step in steps]
    # A specialised instruction, which only a running Python makes, has its general form's name.
    if any(dis.opmap.get(s.opname) != code.co_code[s.offset] or not s.opcode for s in steps):
        return False
    ends = [step.offset for step in steps[1:]] + [len(code.co_code)]
    gaps = [code.co_code[s.offset + 2 : end : 2] for s, end in zip(steps, ends, strict=True)]
    if any(any(gap) for gap in gaps):
        return False
    return _starts_and_calls_right(names)


def _starts_and_calls_right(names: list[str]) -> bool:
    if sys.version_info < (3, 11):
        return True
    if "RESUME" not in names or names[-1] not in _LAST:
        return False
    calls = [i for i, name in enumerate(names) if name == "CALL"]
    return "PRECALL" not in dis.opmap or all(names[i - 1] == "PRECALL" for i in calls)
