"""Read protobuf messages strictly: what this module reads is all that any other reader can find.

Protobuf merges. A singular field that comes twice holds the last value, a singular message that
comes twice holds the fields of both, and a field of another wire type than the schema's is skipped.
A check that reads such a file in another way than OpenCV does is no check, so that all of these are
refused. Nothing is copied: contents are views of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np

View: TypeAlias = "memoryview | bytes"
Message: TypeAlias = "dict[str, Any]"
Schema: TypeAlias = "Mapping[int, tuple[str, int]]"
"""Tag -> the field's name and kind. A tag is a field's number and wire type."""

INT, INT32, BYTES, FIXED32, FIXED64 = range(5)
INTS, MANY, FIXED32S, FIXED64S = range(5, 9)  # repeated; a packed field is one piece of several
_PACKED: Final = 9  # of INTS, FIXED32S, FIXED64S: added to the kind
_WIRE: Final = {INT: 0, INT32: 0, BYTES: 2, FIXED32: 5, FIXED64: 1, INTS: 0, MANY: 2}
_WIDTH: Final = {FIXED32: 4, FIXED64: 8, FIXED32S: 4, FIXED64S: 8}
_SMALL: Final = 4096
_VIEWS, _INTEGERS = (BYTES, MANY), (INT, INT32)


class NetFileError(ValueError):
    """A fault of a net's file, as the end of a sentence."""


def schema(**fields: tuple[int, int]) -> Schema:
    """Return the schema of a message.

    Args:
        fields: Name -> its number and kind.
    """
    rules: dict[int, tuple[str, int]] = {}
    for name, (number, kind) in fields.items():
        wire = {FIXED32S: 5, FIXED64S: 1}.get(kind, _WIRE.get(kind, 0))
        rules[number << 3 | wire] = (name, kind)
        if kind in (INTS, FIXED32S, FIXED64S):
            rules[number << 3 | 2] = (name, kind + _PACKED)
    return rules


def read_message(data: View, rules: Schema, what: str, *, tolerant: bool = False) -> Message:
    """Return the fields of a message by name.

    Singular fields are ints or views. Repeated ones are lists: of views, of ints, or of views of
    the bytes of packed numbers.

    Args:
        data: The message.
        rules: Its schema.
        what: The message's name in errors, "a node".
        tolerant: Skip fields that the schema does not have.

    Raises:
        NetFileError: Damaged, or a field that is singular comes twice.
    """
    if len(data) <= _SMALL:
        data = bytes(data)  # whose bytes are faster to get at
    try:
        return _read(data, rules, what, tolerant)
    except IndexError:
        raise NetFileError("ends in the middle of a number") from None


def _read(data: View, rules: Schema, what: str, tolerant: bool) -> Message:  # noqa: PLR0912
    found: Message = {}
    at, end = 0, len(data)
    value: Any
    while at < end:
        tag = data[at]
        at += 1
        if tag > 127:
            tag, at = _varint(data, at - 1, 32)
        rule = rules.get(tag)
        if rule is None:
            at = _skipped(data, at, tag, what, tolerant)
            continue
        name, kind = rule
        if kind in _VIEWS:
            size = data[at]
            at += 1
            if size > 127:
                size, at = _varint(data, at - 1, 31)
            if size > end - at:
                raise NetFileError(f"is damaged in {what}: {name} ends outside of it")
            value = data[at : at + size]
            at += size
            if kind == MANY:
                if name in found:
                    found[name].append(value)
                else:
                    found[name] = [value]
                continue
        elif kind in _INTEGERS:
            value = data[at]
            at += 1
            if value > 127:
                value, at = _varint(data, at - 1, 64 if kind == INT else 31)
        elif kind < INTS:
            value, at = _piece(data, at, _WIDTH[kind], what, name)
        else:
            at = _repeated(data, at, (name, kind), found, what)
            continue
        if name in found:
            raise NetFileError(f"has {what} with two fields {name}, where one is allowed")
        found[name] = value
    return found


def _repeated(data: View, at: int, rule: tuple[str, int], found: Message, what: str) -> int:
    """Add a number, or several that are packed, to a repeated field; return where it ends."""
    name, kind = rule
    values = found.setdefault(name, [])
    if kind >= _PACKED:
        size, at = _varint(data, at, 31)
        piece, at = _piece(data, at, size, what, name)
        width = _WIDTH.get(kind - _PACKED)
        if width is None:
            values.extend([piece] if len(piece) > 4096 else unpacked(piece))
        elif size % width:
            raise NetFileError(f"is damaged in {what}: {name} has {size} bytes")
        else:
            values.append(piece)
    elif kind == INTS:
        value, at = _varint(data, at, 64)
        values.append(value)
    else:
        piece, at = _piece(data, at, _WIDTH[kind], what, name)
        values.append(piece)
    return at


def _piece(data: View, at: int, size: int, what: str, name: str) -> tuple[View, int]:
    if size > len(data) - at:
        raise NetFileError(f"is damaged in {what}: {name} ends outside of it")
    return data[at : at + size], at + size


def _skipped(data: View, at: int, tag: int, what: str, tolerant: bool) -> int:
    """Return the end of a field that the schema does not have.

    Raises:
        NetFileError: It may not be there, or is a group.
    """
    number, wire = tag >> 3, tag & 7
    if not tolerant or number == 0 or wire not in (0, 1, 2, 5):
        raise NetFileError(f"has {what} with a field {number} of kind {wire}, which none has")
    if wire == 0:
        return _varint(data, at, 64)[1]
    size = {1: 8, 5: 4}.get(wire, 0)
    if wire == 2:
        size, at = _varint(data, at, 31)
    return _piece(data, at, size, what, f"field {number}")[1]


def _varint(data: View, at: int, bits: int) -> tuple[int, int]:
    """Return a number of at most so many bits, and where it ends; negative ones come back large."""
    value = shift = 0
    while shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> bits:
                break
            return value, at
        shift += 7
    raise NetFileError(f"has a number of more than {bits} bits where none can be")


def unpacked(data: View) -> list[int]:
    """Return the varints in `data`."""
    values, at = [], 0
    while at < len(data):
        value, at = _varint(data, at, 64)
        values.append(value)
    return values


def count_of(values: list[Any], width: int | None) -> int:
    """Return how many numbers a repeated field holds: of `width` bytes each, or varints if None.

    Raises:
        NetFileError: Its parts do not fit.
    """
    if width is not None:
        return sum(map(len, values)) // width
    count = 0
    for value in values:
        if isinstance(value, int):
            count += 1
            continue
        numbers = np.frombuffer(value, np.uint8) < 0x80  # the last byte of each
        if not numbers[-1]:
            raise NetFileError("ends in the middle of a number")
        count += int(np.count_nonzero(numbers))
    return count


def signed(value: int) -> int:
    """Return the int64 that a varint of 64 bits holds."""
    return value - 2**64 if value >> 63 else value


def shown(name: View | bytes | str) -> str:
    """Return a name for a message: quoted, printable and short."""
    text = name if isinstance(name, str) else str(name, "utf-8", "replace")
    return ascii(text) if len(text) <= 80 else f"{ascii(text[:77])[:-1]}...'"
