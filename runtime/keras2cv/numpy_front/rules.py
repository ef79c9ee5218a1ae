"""What the steps of a front go by: how text is split, looked up, hashed and encoded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from keras2cv.schema.checks import check_range
from keras2cv.schema.fields import SchemaError

MAX_WORDS: Final = 1_000_000  # of all tables together
MAX_DEPTH: Final = 2**20  # numbers that an encoding makes of a sample
MAX_BINS: Final = 2**31 - 1
MAX_WIDTHS: Final = 16  # of n-grams

Standardize = Literal["lower_and_strip_punctuation", "lower", "strip_punctuation", "none"]
Split = Literal["whitespace", "character", "none"]
Mode = Literal["one_hot", "multi_hot", "count", "tf_idf"]

_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f%]")
_ESCAPE: Final = re.compile(r"%([0-9A-F]{2})")


def escaped(word: str) -> str:
    """Return a word as a manifest holds it: control characters and % as %0A."""
    return _UNWRITABLE.sub(lambda found: f"%{ord(found[0]):02X}", word)


def unescaped(text: str) -> bytes:
    """Return the UTF-8 of a word that `escaped` wrote."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).encode("utf-8")


@dataclass(frozen=True, slots=True)
class TextRule:
    """How TextVectorization makes words of a text.

    `standardize`: lower case and punctuation, of ASCII alone, as TensorFlow's. `split`: at ASCII's
    white space, or into characters. `ngrams`: widths of the runs of words that become one, in this
    order; absent: none.
    """

    standardize: Standardize
    split: Split
    ngrams: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.ngrams is None:
            return
        check_range("ngrams (count)", len(self.ngrams), 1, MAX_WIDTHS)
        for width in self.ngrams:
            check_range("ngrams", width, 1, 1000)
        if self.split == "none":
            raise SchemaError("ngrams", "belong to a text that is split")


@dataclass(frozen=True, slots=True)
class HashRule:
    """How values become one of `bins` numbers.

    `salt`: the key of SipHash; absent: FarmHash without a key. `mask`: the value that becomes 0,
    all others 1 and more; absent: none.
    """

    bins: int
    salt: tuple[int, ...] | None = None
    mask: str | None = None

    def __post_init__(self) -> None:
        check_range("bins", self.bins, 1, MAX_BINS)
        check_salt(self.salt)


@dataclass(frozen=True, slots=True)
class LookupTable:
    """The words that become whole numbers, the first of them `first`.

    `words`: whole numbers too, in decimals; control characters and % are written as %0A. `unknown`:
    how many numbers there are for all other words, from `unknown_first` on, chosen by FarmHash, by
    SipHash with `salt`, or with `remainder` by the remainder of a whole number; 0: other words are
    refused. `mask`: the word that becomes `mask_number`; -1 is left out by what follows.
    """

    words: tuple[str, ...]
    first: int
    unknown: int
    unknown_first: int
    whole_numbers: bool
    remainder: bool
    salt: tuple[int, ...] | None = None
    mask: str | None = None
    mask_number: int | None = None

    def __post_init__(self) -> None:
        check_range("words (count)", len(self.words), 0, MAX_WORDS)
        check_range("first", self.first, 0, MAX_DEPTH)
        check_range("unknown", self.unknown, 0, MAX_DEPTH)
        check_range("unknown_first", self.unknown_first, 0, MAX_DEPTH)
        check_salt(self.salt)
        if (self.mask is None) != (self.mask_number is None):
            raise SchemaError("mask", "belongs to mask_number, and it to mask")
        if self.remainder and not self.whole_numbers:
            raise SchemaError("remainder", "is that of whole numbers")


@dataclass(frozen=True, slots=True)
class EncodingRule:
    """How whole numbers become `depth` numbers; others than 0 to `depth` - 1 are left out.

    `weights`: those of tf_idf, one for each of them.
    """

    mode: Mode
    depth: int
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        check_range("depth", self.depth, 1, MAX_DEPTH)
        if (self.weights is not None) != (self.mode == "tf_idf"):
            raise SchemaError("weights", "belong to tf_idf, and to no other")
        if self.weights is not None and len(self.weights) != self.depth:
            raise SchemaError("weights", f"must be {self.depth}, got {len(self.weights)}")


def check_salt(salt: tuple[int, ...] | None) -> None:
    """Raise `SchemaError` unless a salt has two numbers.

    Raises:
        SchemaError: it has not.
    """
    if salt is not None and len(salt) != 2:
        raise SchemaError("salt", f"must be two numbers, got {len(salt)}")
