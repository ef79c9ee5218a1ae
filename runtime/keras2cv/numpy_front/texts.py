"""Text as TensorFlow sees it: bytes of UTF-8, split into words."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from keras2cv.errors import InputError
from keras2cv.numpy_front.rules import TextRule

Array = NDArray[Any]
Words = list[list[bytes]]

MAX_IN_NGRAMS: Final = 2**23  # words of all n-grams of a text
_PUNCTUATION: Final = string.punctuation.encode("ascii")


def encoded(values: Any, name: str) -> Array:
    """Return texts as an array of objects, the UTF-8 of each.

    Raises:
        InputError: one is not text.
    """
    array = np.asarray(values)
    if array.size and array.dtype.kind not in "USO":
        raise InputError(
            f"Input {name} must be text, got {array.dtype}. Give str, as Keras takes it."
        )
    flat = np.empty(array.size, object)
    flat[:] = [_utf8(value, name) for value in array.reshape(-1).tolist()]
    return np.asarray(flat.reshape(array.shape))


def words_of(texts: Array, rule: TextRule) -> Words:
    """Return the words of each text, (N,) or (N, 1) bytes.

    Raises:
        ValueError: the texts have another shape.
    """
    if texts.ndim > 2 or texts.shape[1:] not in ((), (1,)):
        raise ValueError(f"one text per sample, got {texts.shape}")
    return [_with_ngrams(_split(_plain(text, rule), rule), rule) for text in texts.reshape(-1)]


def standardized(texts: Array, rule: TextRule) -> Array:
    """Return texts of any shape that are not split."""
    flat = np.empty(texts.size, object)
    flat[:] = [_plain(text, rule) for text in texts.reshape(-1)]
    return np.asarray(flat.reshape(texts.shape))


def _utf8(value: Any, name: str) -> bytes:
    try:
        if isinstance(value, bytes):
            value.decode("utf-8")
            return value
        if isinstance(value, str):
            return value.encode("utf-8")
    except UnicodeError as error:
        raise InputError(
            f"Input {name} holds text that is not valid Unicode: {ascii(value)[:60]}. "
            "Read the text with the right encoding."
        ) from error
    raise InputError(
        f"Input {name} must be text, got {type(value).__name__}: {ascii(value)[:60]}. "
        "Give str, as Keras takes it."
    )


def _plain(text: bytes, rule: TextRule) -> bytes:
    """Lower ASCII's letters, and leave its punctuation out, as the rule says."""
    if rule.standardize in ("lower", "lower_and_strip_punctuation"):
        text = text.lower()
    if rule.standardize in ("strip_punctuation", "lower_and_strip_punctuation"):
        text = text.translate(None, _PUNCTUATION)
    return text


def _split(text: bytes, rule: TextRule) -> list[bytes]:
    if rule.split == "character":
        return [character.encode("utf-8") for character in text.decode("utf-8")]
    return text.split()


def _with_ngrams(words: list[bytes], rule: TextRule) -> list[bytes]:
    return words if rule.ngrams is None else list(_ngrams(words, rule.ngrams))


def _ngrams(words: list[bytes], widths: Sequence[int]) -> Iterator[bytes]:
    if (count := len(words) * sum(widths)) > MAX_IN_NGRAMS:
        raise InputError(
            f"A text of {len(words)} words gives n-grams of {count} words, and {MAX_IN_NGRAMS} is "
            "the limit. Cut the text."
        )
    for width in widths:
        for at in range(len(words) - width + 1):
            yield b" ".join(words[at : at + width])
