"""Numbers as pages print them; each is a filter of the templates by its name."""

from __future__ import annotations


def number(value: float | str | None) -> str:
    """Return three significant digits; "-" for nothing, and "0" for exactly zero."""
    if value is None or isinstance(value, str):
        return value or "-"
    return f"{value:.3g}" if value else "0"


def percent(share: float) -> str:
    """Return a share, 0 to 1, as "75.0 %"."""
    return f"{100 * share:.1f} %"


def error(value: float | None) -> str:
    """Return an error as "3.1e-07"; nothing where there is none."""
    return "" if value is None else f"{value:.1e}"


def duration(milliseconds: float) -> str:
    """Return a duration as people read it: 0.083, 7.12, 48.9, 203."""
    digits = (
        0 if milliseconds >= 100 else 1 if milliseconds >= 20 else 2 if milliseconds >= 1 else 3
    )
    return f"{milliseconds:.{digits}f}"


def megabytes(value: float | None) -> str:
    """Return a size as "14.0", from 100 on without digits; "-" where it is not known."""
    return "-" if value is None else f"{value:.1f}" if value < 100 else f"{value:.0f}"
