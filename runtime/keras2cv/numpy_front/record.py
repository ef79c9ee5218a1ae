"""The manifest's section on the steps before the net."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Literal

from keras2cv.numpy_front.rules import MAX_WORDS, EncodingRule, HashRule, LookupTable, TextRule
from keras2cv.schema.checks import check_range, check_unique
from keras2cv.schema.fields import SchemaError

MAX_STEPS: Final = 1000
MAX_EDGES: Final = 100_000
MAX_LENGTH: Final = 2**20
MAX_RANK: Final = 4  # of a sample
ANY_SIZE: Final = -1

Op = Literal["split", "lookup", "pad", "encode", "hash", "cross", "bins", "reshape"]
FrontType = Literal[
    "string", "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"
]


@dataclass(frozen=True, slots=True)
class FrontInput:
    """A value that a user gives: `shape` is that of one sample, -1 any size."""

    name: str
    dtype: FrontType
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.name:
            raise SchemaError("name", "must not be empty")
        check_range("shape (rank)", len(self.shape), 0, MAX_RANK)
        for size in self.shape:
            if size != ANY_SIZE:
                check_range("shape", size, 1, MAX_LENGTH)


@dataclass(frozen=True, slots=True)
class FrontStep:
    """An operation on named arrays; the first axis of each is the batch.

    op        inputs -> output                                              attribute
    split     texts (N,) or (N, 1) -> the words of each text                text
    lookup    words, texts or whole numbers -> whole numbers                table
    pad       the numbers of each text -> (N, length): cut, or zeros added  length
    encode    whole numbers -> float32, see EncodingRule                    encoding
    hash      texts or numbers -> whole numbers                             hashing
    cross     two inputs or more, (N, 1) or (N,) -> whole numbers           hashing
    bins      numbers -> how many of the edges are not above each           edges
    reshape   x -> y                                                        shape, of one sample
    """

    op: Op
    inputs: tuple[str, ...]
    output: str
    text: TextRule | None = None
    table: LookupTable | None = None
    length: int | None = None
    encoding: EncodingRule | None = None
    hashing: HashRule | None = None
    edges: tuple[float, ...] | None = None
    shape: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        fits = 2 <= len(self.inputs) <= 100 if self.op == "cross" else len(self.inputs) == 1
        if not fits:
            raise SchemaError("inputs", f"{len(self.inputs)} do not fit {self.op}")
        for key in (field.name for field in fields(self)[3:]):
            if (getattr(self, key) is not None) != (key == _ATTRIBUTES[self.op]):
                rule = "is missing" if key == _ATTRIBUTES[self.op] else "belongs to other steps"
                raise SchemaError(key, f"{rule} for {self.op}")
        if self.length is not None:
            check_range("length", self.length, 1, MAX_LENGTH)
        check_range("edges (count)", len(self.edges or ()), 0, MAX_EDGES)
        check_range("shape (rank)", len(self.shape or ()), 0, MAX_RANK)
        for size in self.shape or ():
            check_range("shape", size, 1, MAX_LENGTH)
        if self.op == "cross" and self.hashing and (self.hashing.salt or self.hashing.mask):
            raise SchemaError("hashing", "cross has neither salt nor mask")


@dataclass(frozen=True, slots=True)
class NumpyFront:
    """The beginning of the model that OpenCV has no layers for, as steps of NumPy before the net.

    `inputs`: what a user gives, in Keras' order. An input of the net whose `name` is the output of
    a step is made there; the others are given under their own names.
    """

    inputs: tuple[FrontInput, ...]
    steps: tuple[FrontStep, ...]

    def __post_init__(self) -> None:
        check_range("inputs (count)", len(self.inputs), 1, 1000)
        check_range("steps (count)", len(self.steps), 1, MAX_STEPS)
        words = sum(len(step.table.words) for step in self.steps if step.table is not None)
        check_range("steps (words)", words, 0, MAX_WORDS)
        check_unique("inputs", "name", [one.name for one in self.inputs])
        known = {one.name for one in self.inputs}
        for number, step in enumerate(self.steps):
            if missing := [name for name in step.inputs if name not in known]:
                problem = f"{missing[0]!r} is made by no input or step before"
                raise SchemaError(f"steps[{number}].inputs", problem)
            if step.output in known or not step.output:
                raise SchemaError(f"steps[{number}].output", f"{step.output!r} is there already")
            known.add(step.output)

    @property
    def made(self) -> frozenset[str]:
        """The names of all arrays that the steps make."""
        return frozenset(step.output for step in self.steps)


_ATTRIBUTES: Final[Mapping[str, str]] = {
    "split": "text",
    "lookup": "table",
    "pad": "length",
    "encode": "encoding",
    "hash": "hashing",
    "cross": "hashing",
    "bins": "edges",
    "reshape": "shape",
}
