"""JSON by its tree, and text by its lines."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any, Final

from .raw import mutate_bytes

_STRINGS: Final = (
    *("", " ", "a" * 5000, "../../etc/passwd", "/etc/passwd", "C:\\x", "model.onnx\x00.pb"),
    *("\ud800", "\u202egnp", "\x1b[31mred", "\n", "%s%n", "NaN", "-0", "\u00e9" * 3000, "{}"),
    *("onnx", "frozen", "NCHW", "same", "float32", "softmax", "classify", "detect", "uint64"),
)
_NUMBERS: Final = (
    *(0, 1, -1, 2, 255, 256, 65_536, 2**31 - 1, 2**31, -(2**31), 2**53, 2**63, 10**12, 10**400),
    *(0.0, -0.0, 0.5, 1e-320, 1e308, float("nan"), float("inf"), float("-inf"), 1e-9),
)
_LARGE: Final = 5000  # values in a tree; a larger one does not grow further
_OTHERS: Final[tuple[Any, ...]] = (
    None,
    True,
    False,
    [],
    {},
    [[]],
    {"": 0},
    [0] * 2000,
    ["x"] * 2000,
)


def mutate_json(rng: random.Random, data: bytes) -> bytes:
    """Return the JSON `data` with one to three changes to its tree, and seldom to its text."""
    try:
        tree = json.loads(data)
    except ValueError:  # an earlier change broke the JSON
        return mutate_bytes(rng, data)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        rng.choice(_CHANGES)(rng, tree)
    ascii_only, indent = rng.random() < 0.2, rng.choice((None, 1))
    try:
        text = json.dumps(tree, ensure_ascii=ascii_only)
        if indent and text.count("[") + text.count("{") < _LARGE:  # deep ones become 100 MB
            text = json.dumps(tree, ensure_ascii=ascii_only, indent=indent)
    except RecursionError:
        return data
    if rng.random() < 0.1:
        text = rng.choice(_SPELLINGS)(text)
    return text.encode("utf-8", "surrogatepass")


def mutate_text(rng: random.Random, data: bytes) -> bytes:
    """Return the text `data` with its lines changed, or its bytes."""
    lines = data.splitlines(keepends=True)
    match rng.randrange(7):
        case 0:
            rng.shuffle(lines)
        case 1:
            lines.insert(rng.randrange(len(lines) + 1), rng.choice((b"\n", b"\xff\n", b"\0\n")))
        case 2:
            lines *= rng.choice((2, 1000))
        case 3:
            lines = [rng.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\x1b[2J")), *lines]
        case 4:
            lines.append(rng.choice(_STRINGS).encode("utf-8", "surrogatepass"))
        case _:
            return mutate_bytes(rng, data)
    return b"".join(lines)


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Return every (map or list, key or index) in the tree."""
    found, stack = [], [tree]
    while stack:
        item = stack.pop()
        keys = list(item) if isinstance(item, dict) else range(len(item))
        found += [(item, key) for key in keys]
        stack += [item[key] for key in keys if isinstance(item[key], dict | list)]
    return found


def _some_place(rng: random.Random, tree: Any) -> tuple[Any, Any]:
    places = _places(tree)
    return rng.choice(places) if places else ({"": 0}, "")


def _value(rng: random.Random) -> Any:
    if rng.random() < 0.05:
        deep: Any = 0
        for _ in range(rng.choice((10, 500))):
            deep = [deep] if rng.random() < 0.5 else {"a": deep}
        return deep
    return copy.deepcopy(rng.choice((*_STRINGS, *_NUMBERS, *_NUMBERS, *_OTHERS)))


def _replace(rng: random.Random, tree: Any) -> None:
    holder, key = _some_place(rng, tree)
    holder[key] = _value(rng)


def _nudge(rng: random.Random, tree: Any) -> None:
    """Change a value to another of its own type, which checks are most likely to accept."""
    holder, key = _some_place(rng, tree)
    value = holder[key]
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        _replace(rng, tree)
    elif isinstance(value, str):
        holder[key] = mutate_bytes(rng, value.encode("utf-8", "replace")).decode("utf-8", "replace")
    else:
        holder[key] = rng.choice((value + 1, value - 1, value * 2, -value, type(value)(value // 3)))


def _remove(rng: random.Random, tree: Any) -> None:
    holder, key = _some_place(rng, tree)
    del holder[key]


def _rename(rng: random.Random, tree: Any) -> None:
    holder, key = _some_place(rng, tree)
    if isinstance(holder, dict):
        holder[rng.choice(("", "x", f"{key} ", *_STRINGS[:6]))] = holder.pop(key)


def _copy(rng: random.Random, tree: Any) -> None:
    """Put a part of the tree in the place of another: each is plausible by itself."""
    from_holder, from_key = _some_place(rng, tree)
    to_holder, to_key = _some_place(rng, tree)
    to_holder[to_key] = copy.deepcopy(from_holder[from_key])


def _again(rng: random.Random, tree: Any) -> None:
    """Repeat an item of a list: names and counts no longer agree."""
    places = _places(tree)
    lists = [holder for holder, _ in places if isinstance(holder, list)]
    if lists and len(places) < _LARGE:
        chosen = rng.choice(lists)
        chosen += [
            copy.deepcopy(rng.choice(chosen)) for _ in range(rng.choice((1, 1, 2, 2, 5, 500)))
        ]


_CHANGES: Final = (_replace, _replace, _nudge, _nudge, _nudge, _remove, _rename, _copy, _again)
_SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (
    lambda text: "\ufeff" + text,
    lambda text: " " + text,
    lambda text: text + text,
    lambda text: text.replace(":", ":\t// c\n", 1),
    lambda text: text.replace("}", ",}", 1),
    lambda text: text.replace('"', "'"),
    lambda text: text.replace("{", '{"schema": 1, ', 1),
    lambda text: "[" * 100_000 + text,
    lambda text: text.replace("1", "1" * 5000, 1),
    lambda text: text.replace("0", "00", 1),
)
