"""The arguments of argparse, made from the fields of an options record."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _ArgumentGroup
from collections.abc import Collection
from typing import Any

from keras2cv_export.options import Named, options_of


def add_options(
    parser: ArgumentParser | _ArgumentGroup, record: type, names: Collection[str]
) -> None:
    """Declare the options of `record` that are called `names`, in the record's own order."""
    for one in options_of(record):
        if one.name in names and one.option.flags:
            _add(parser, one)


def taken(args: Namespace, record: type) -> dict[str, Any]:
    """Return the values of the options that the command line has, by the record's names."""
    found = {}
    for one in options_of(record):
        if one.option.flags:
            value = getattr(args, one.name)
            found[one.name] = one.option.convert(value) if one.option.convert else value
    return found


def _add(parser: ArgumentParser | _ArgumentGroup, one: Named) -> None:
    positional = not one.option.flags[0].startswith("-")
    if positional:
        parser.add_argument(one.name, metavar=one.option.flags[0], **_value(one))
    elif isinstance(one.command_default, bool):
        action = "store_false" if one.command_default else "store_true"
        parser.add_argument(*one.option.flags, dest=one.name, action=action, help=one.option.help)
    else:
        parser.add_argument(
            *one.option.flags,
            dest=one.name,
            metavar=one.option.metavar,
            **_value(one),
            **_occurrence(one),
        )


def _value(one: Named) -> dict[str, Any]:
    """Return how the argument's text is read, and its help."""
    notes = ["may be repeated"] if one.option.repeated else []
    words = f" (default: {one.default_words})" if one.default_words else ""
    found: dict[str, Any] = {"help": "; ".join([one.option.help, *notes]) + words}
    if one.option.read is not None:
        found["type"] = one.option.read
    if one.option.choices:
        found["choices"] = one.option.choices
    return found


def _occurrence(one: Named) -> dict[str, Any]:
    """Return how often the argument may come, and its default."""
    if one.option.repeated:
        return {"action": "append", "default": []}
    return {"required": True} if one.required else {"default": one.command_default}
