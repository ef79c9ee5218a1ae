"""The table that the exporter's importer_support reads, as the source of a Python module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keras2cv_export.targets.importer_support import RULES
from keras2cv_export.targets.importers import IMPORTERS

from .measure import Outcome
from .probe import Probe

Broken = dict[str, tuple[str, ...]]

_HEAD = '''"""What each importer does not run, as measured.

Written by `python -m campaigns.importers`; not to be edited.
"""

from __future__ import annotations

from typing import Final
'''


def tables(probes: Sequence[Probe], outcomes: Sequence[Outcome]) -> tuple[Broken, Broken]:
    """Return who does not run each op in its plainest form, and each form in any of its probes.

    What is broken because the op is not known there is not held against the form.
    """
    names = {rule.name for rule in RULES}
    ops: Broken = {"Constant": ()}
    forms: dict[str, set[str]] = {}
    for probe, outcome in zip(probes, outcomes, strict=True):
        failing = {importer for importer, runs in outcome.items() if not runs}
        if probe.about in names:
            forms.setdefault(probe.about, set()).update(failing)
        elif probe.about:
            ops[probe.about] = _ordered(failing)
    only = {name: _ordered(failing) for name, failing in forms.items()}
    return dict(sorted(ops.items())), dict(sorted(only.items()))


def source(ops: Mapping[str, Sequence[str]], forms: Mapping[str, Sequence[str]]) -> str:
    """Return the module."""
    return "\n".join([_HEAD, *_lines("OPS", ops), "", *_lines("FORMS", forms), ""])


def _lines(name: str, table: Mapping[str, Sequence[str]]) -> list[str]:
    rows = [f'    "{key}": {_tuple(broken)},' for key, broken in table.items()]
    return [f"{name}: Final[dict[str, tuple[str, ...]]] = {{", *rows, "}"]


def _tuple(items: Sequence[str]) -> str:
    inner = ", ".join(f'"{item}"' for item in items)
    return f"({inner},)" if len(items) == 1 else f"({inner})"


def _ordered(failing: set[str]) -> tuple[str, ...]:
    return tuple(importer for importer in IMPORTERS if importer in failing)
