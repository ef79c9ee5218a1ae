"""The table that the exporter's importer_support reads, as the source of a Python module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import onnx

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


class Tables(NamedTuple):
    """The failing importers of ops, of forms that rules know, and of faults without a rule."""

    ops: Broken
    forms: Broken
    faults: Broken


def tables(probes: Sequence[Probe], outcomes: Sequence[Outcome]) -> Tables:
    """Return the importers that fail each op, and each form or fault in any of its probes.

    A form does not count as failing where the importer lacks the op.
    """
    failing: dict[str, set[str]] = {"Constant": set()}
    for probe, outcome in zip(probes, outcomes, strict=True):
        if probe.about:
            broken = {importer for importer, runs in outcome.items() if not runs}
            failing.setdefault(probe.about, set()).update(broken)
    forms = {rule.name for rule in RULES}
    found = {name: _ordered(broken) for name, broken in sorted(failing.items())}
    return Tables(
        {name: row for name, row in found.items() if onnx.defs.has(name)},
        {name: row for name, row in found.items() if name in forms},
        {n: row for n, row in found.items() if not onnx.defs.has(n) and n not in forms},
    )


def source(found: Tables) -> str:
    """Return the module."""
    rows = [line for name, table in found._asdict().items() for line in _lines(name.upper(), table)]
    return "\n".join([_HEAD, *rows])


def _lines(name: str, table: Mapping[str, Sequence[str]]) -> list[str]:
    rows = [f'    "{key}": {_tuple(broken)},' for key, broken in table.items()]
    return [f"{name}: Final[dict[str, tuple[str, ...]]] = {{", *rows, "}", ""]


def _tuple(items: Sequence[str]) -> str:
    inner = ", ".join(f'"{item}"' for item in items)
    return f"({inner},)" if len(items) == 1 else f"({inner})"


def _ordered(failing: set[str]) -> tuple[str, ...]:
    return tuple(importer for importer in IMPORTERS if importer in failing)
