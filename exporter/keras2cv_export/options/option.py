"""The metadata of a field of an options record: its help, its flag, and the values it accepts."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Final

from keras2cv.errors import UsageError

_KEY: Final = "option"


@dataclass(frozen=True, kw_only=True)
class Option:
    """How a field is given on the command line, and documented there and in Python.

    Attributes:
        help: A description without a full stop at the end.
        flags: The flags, or the metavar of a positional argument; empty: for Python alone.
        metavar: The placeholder of the value in the help.
        choices: The only values, on the command line and in Python.
        group: The heading in the help that it stands under; empty: none.
        read: Turns the text of an argument into a value, as argparse's `type`.
        convert: Turns what argparse collected into the field's value.
        repeated: Whether the flag may be given several times.
        accepts: The types of a value; None is always right where it is the default.
        least: The smallest number.
        default: A description of the default, if its value does not explain itself.
        command_default: The command line's default; None: the function's.
        python: More sentences, for those who call the function.
    """

    help: str
    flags: tuple[str, ...] = ()
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    group: str = ""
    read: Callable[[str], Any] | None = None
    convert: Callable[[Any], Any] | None = None
    repeated: bool = False
    accepts: tuple[type, ...] = (object,)
    least: int | None = None
    default: str = ""
    command_default: Any = None
    python: str = ""

    def as_metadata(self) -> dict[str, Option]:
        """Return the metadata of a dataclass' field."""
        return {_KEY: self}


@dataclass(frozen=True)
class Named:
    """A field of a record: its name, its default, and its option."""

    name: str
    default: Any
    option: Option

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is dataclasses.MISSING

    @property
    def command_default(self) -> Any:
        """The command line's value if the flag is not given."""
        own = self.option.command_default
        return self.default if own is None else own

    @property
    def default_words(self) -> str:
        """The default in words; empty where the help needs none, as for a switch."""
        if self.option.default or self.required or isinstance(self.default, bool):
            return self.option.default
        return "" if self.default in (None, ()) or not self.option.flags else str(self.default)


def options_of(record: type) -> Iterator[Named]:
    """Yield the options of a record in their order."""
    for field in dataclasses.fields(record):
        yield Named(field.name, field.default, field.metadata[_KEY])


def option_called(record: type, name: str) -> Named:
    """Return one of the options of a record."""
    return next(one for one in options_of(record) if one.name == name)


def in_group(record: type, group: str) -> tuple[str, ...]:
    """Return the names of the options under a heading of the help."""
    return tuple(one.name for one in options_of(record) if one.option.group == group)


def check_types(record: Any) -> None:
    """Raise UsageError for the first field whose value is of another type than it accepts.

    Raises:
        UsageError: there is one, or a number that is too small.
    """
    for one in options_of(type(record)):
        value = getattr(record, one.name)
        if value is None and one.default is None:
            continue
        if not _is_of(value, one.option.accepts):
            expected = " or ".join(kind.__name__ for kind in one.option.accepts)
            raise UsageError(
                f"The option {one.name} must be of type {expected}, and is {value!r}, of type "
                f"{type(value).__name__}. Correct it, or leave it out."
            )
        if one.option.least is not None and value < one.option.least:
            raise UsageError(
                f"The option {one.name} must be at least {one.option.least}, and is {value!r}. "
                "Correct it, or leave it out."
            )


def check_choices(record: Any, names: Collection[str] = ()) -> None:
    """Raise UsageError for the first field whose value is none of its choices.

    `names` limits it to some fields; all of them by default.

    Raises:
        UsageError: there is one.
    """
    for one in options_of(type(record)):
        value = getattr(record, one.name)
        if not one.option.choices or (names and one.name not in names):
            continue
        if value not in one.option.choices and not (value is None and one.default is None):
            raise UsageError(
                f"The option {one.name} must be one of {', '.join(one.option.choices)}, and is "
                f"{value!r}. Choose one of them, or leave it out."
            )


def keep_names(record: Any, name: str) -> None:
    """Replace a field of several names by a tuple, which can be read twice and never changes."""
    value = getattr(record, name)
    if value is not None and not isinstance(value, str | os.PathLike):
        object.__setattr__(record, name, tuple(value))


def _is_of(value: Any, kinds: tuple[type, ...]) -> bool:
    for own in (bool, str):  # an int and a sequence to Python, and neither to anybody else
        if isinstance(value, own):
            return own in kinds or object in kinds
    numbers = {int: Integral, float: Real}  # NumPy's numbers, too
    return isinstance(value, tuple(numbers.get(kind, kind) for kind in kinds))
