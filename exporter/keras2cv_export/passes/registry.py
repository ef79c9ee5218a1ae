"""A row of the registry: one pass, why a target needs it, and which passes come before or after.

    Rewrite(
        crop_transposed_conv,
        removes=("uneven crop",),
    )

`removes` uses the words of the measured table of importers: an op, a form of one, or a fault. The
pass runs for a target if any importer of the target's fails one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field

from keras2cv_export.graph.edit import Pass
from keras2cv_export.passes.fixpoint import name_of
from keras2cv_export.targets.importer_support.measured import FAULTS, FORMS, OPS
from keras2cv_export.targets.importers import IMPORTERS
from keras2cv_export.targets.target import Target

Fits = Callable[[Target], bool]
Why = Mapping[str, str]

MEASURED: Mapping[str, tuple[str, ...]] = {**OPS, **FORMS, **FAULTS}
"""Op, form or fault -> the importers that refuse it, or compute it wrongly."""


class RegistryError(ValueError):
    """A row of the registry is wrong: a mistake of ours, found when the registry is imported."""


@dataclass(frozen=True)
class Rewrite:
    """One pass of a stage.

    Attributes:
        run: The pass, `verb_object(model) -> int`.
        removes: Ops, forms and faults that no graph has after it, in the measured table's words.
        fits: Whether it runs for a target; None: where an importer fails one of `removes`.
        also_for: Importer that it also runs for, without failing any of `removes` -> why.
        after: Name of a pass that comes earlier -> why.
        before: Name of a pass that comes later -> why.

    Raises:
        RegistryError: A word is not in the table, or the pass would run for nobody.
    """

    run: Pass
    removes: tuple[str, ...] = ()
    fits: Fits | None = None
    also_for: Why = field(default_factory=dict)
    after: Why = field(default_factory=dict)
    before: Why = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_known(self, self.removes, MEASURED, "measured; see docs/writing_passes.md")
        _require_known(self, self.also_for, IMPORTERS, "an importer; see targets/importers.py")
        if self.fits is None and not self.failing:
            raise RegistryError(
                f"{self.name} runs for no target: no importer fails {self.removes or 'anything'}. "
                "Name what it removes, or give `fits`."
            )

    @property
    def name(self) -> str:
        """The name of the pass: the name of its function and file."""
        return name_of(self.run)

    @property
    def failing(self) -> frozenset[str]:
        """The importers that need it."""
        return frozenset(self.also_for).union(*(MEASURED[word] for word in self.removes))

    @property
    def is_optional(self) -> bool:
        """Whether it is right everywhere and faster on some engines only: `--tune` tries it."""
        return self.fits in (favours_new, is_for_new)

    def runs_for(self, target: Target) -> bool:
        """Whether the graphs made for a target go through it."""
        if self.fits is not None:
            return self.fits(target)
        return not self.failing.isdisjoint(target.importers)


def anywhere(_: Target) -> bool:
    """Fit every target: later passes look for the form, or it is faster and nowhere slower."""
    return True


def favours_new(target: Target) -> bool:
    """Fit targets that should be fast on the new engine; older engines are faster without."""
    return target.favours_new


def is_for_new(target: Target) -> bool:
    """Fit targets that only the new engine runs: on any other the form is far slower."""
    return target.favours_new and target.opencv >= (5, 0)


def where_all_have(op: str) -> Fits:
    """Fit targets of which every importer has an op that the pass makes."""
    return lambda target: not set(MEASURED[op]) & set(target.importers)


def where_some_fail(form: str) -> Fits:
    """Fit targets of which some importer fails a form, for a pass that helps another one."""
    return lambda target: bool(set(MEASURED[form]) & set(target.importers))


def _require_known(row: Rewrite, words: Iterable[str], known: Container[str], kind: str) -> None:
    for word in words:
        if word not in known:
            raise RegistryError(f"{row.name} names {word!r}, which is not {kind}.")
