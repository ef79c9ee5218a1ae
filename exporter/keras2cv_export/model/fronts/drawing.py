"""Draw values for the inputs of a front: words that it knows, words that it does not, odd text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from keras2cv.numpy_front.record import ANY_SIZE, FrontInput, FrontStep, NumpyFront
from keras2cv.numpy_front.rules import unescaped

Array = np.ndarray[Any, Any]

_ODD: Final = (
    "", " ", "unseen", "\u00c9COLE \u00df \u0130", "e\u0301 \u4f60\u597d \U0001f600 ok",
    "A-b, c! (d) [e] it's 100% _x_", "\ta\nb\x0bc\x0cd\re \u00a0f\u3000g\u2003h",
    "\\ ^ ` { | } ~ \" # $ & * + / : ; < = > ? @", "-1", "007", "\ufeffbom", "x" * 300,
    "word " * 400, "\u0430\u0431\u0432", "\x1c\x1d\x85", "NaN", "None", "[UNK]", "%0A",
)  # fmt: skip
_MOST_WORDS: Final = 12  # of a drawn text


def drawn_values(
    front: NumpyFront, rows: int, seed: int, *, odd: bool, open_size: int = 3
) -> dict[str, Array]:
    """Return a batch of values for each input of a front, text as objects: bytes of UTF-8.

    Args:
        front: The record.
        rows: How many samples.
        seed: Not negative; the same seed gives the same values.
        odd: Whether unseen words and odd text are among them: the model's own words only else.
        open_size: The size of dimensions that are open.
    """
    result = {}
    for number, one in enumerate(front.inputs):
        rng = np.random.default_rng([seed, number])
        sizes = tuple(open_size if size == ANY_SIZE else size for size in one.shape)
        result[one.name] = _drawn(one, _readers(front, one.name), (rows, *sizes), rng, odd=odd)
    return result


def _drawn(
    one: FrontInput,
    readers: Sequence[FrontStep],
    shape: tuple[int, ...],
    rng: np.random.Generator,
    *,
    odd: bool,
) -> Array:
    """Draw the values of one input.

    Args:
        one: The input.
        readers: The steps that read it, those behind a split or reshape included.
        shape: The whole shape, the batch first.
        rng: Whom to ask.
        odd: As for `drawn_values`.
    """
    tables = [step.table for step in readers if step.table is not None]
    words = [unescaped(word) for table in tables for word in table.words]
    odd = odd and all(table.unknown > 0 for table in tables)
    count = int(np.prod(shape))
    if one.dtype == "string":
        splits = any(step.op == "split" for step in readers)
        pool = words or [b"red", b"green", b"blue", b"a b"]
        drawn = [_text(pool, rng, splits=splits, odd=odd, number=k) for k in range(count)]
        array = np.empty(count, object)
        array[:] = drawn
        return np.asarray(array.reshape(shape))
    return _numbers(one, readers, words, rng, count, odd=odd).reshape(shape).astype(one.dtype)


def _text(
    pool: Sequence[bytes], rng: np.random.Generator, *, splits: bool, odd: bool, number: int
) -> bytes:
    if odd and number % 3 == 2:
        return _ODD[number // 3 % len(_ODD)].encode("utf-8")
    if not splits:
        return pool[int(rng.integers(len(pool)))]
    words = [pool[int(k)] for k in rng.integers(len(pool), size=int(rng.integers(1, _MOST_WORDS)))]
    if odd and number % 3 == 1:
        words = [word.title() + b"." for word in words]
    return b" ".join(words)


def _numbers(
    one: FrontInput,
    readers: Sequence[FrontStep],
    words: Sequence[bytes],
    rng: np.random.Generator,
    count: int,
    *,
    odd: bool,
) -> Array:
    """Draw numbers that tables and edges tell apart, or of the usual size.

    Args:
        one: The input.
        readers: The steps that read it.
        words: The whole numbers that tables know.
        rng: Whom to ask.
        count: How many.
        odd: As for `drawn_values`.
    """
    edges = [edge for step in readers for edge in step.edges or ()]
    pool: list[float] = [float(int(word)) for word in words]
    pool += [edge + move for edge in edges for move in (-0.5, 0.0, 0.5)]
    if odd:
        pool += [0, 1, 2, 7, 100] if one.dtype.startswith("u") else [-3, -1, 0, 1, 5, 1000]
    if odd and one.dtype.startswith("float") and edges:
        pool += [float("nan"), float("inf"), float("-inf"), -0.0]
    if not pool:
        is_float = one.dtype.startswith("float")
        return rng.uniform(-1, 1, count) if is_float else rng.integers(0, 10, count)
    return np.asarray(pool)[rng.integers(len(pool), size=count)]


def _readers(front: NumpyFront, name: str) -> list[FrontStep]:
    """Return the steps that read an array, those behind a split or reshape included."""
    found = [step for step in front.steps if name in step.inputs]
    behind = [step for step in found if step.op in ("split", "reshape")]
    return found + [step for one in behind for step in _readers(front, one.output)]
