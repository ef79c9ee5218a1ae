"""The whole page, from a check."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keras2cv.cli.output import write_text
from keras2cv_export.pages.templating import render

from . import charts
from .pictures import rows

if TYPE_CHECKING:
    from keras2cv_export.checks.check_report import CheckReport


def write_page(report: CheckReport, path: str | os.PathLike[str]) -> None:
    """Write the page of a check.

    Raises:
        UsageError: It cannot be written there.
    """
    write_text(os.fspath(path), page(report))


def page(report: CheckReport) -> str:
    """Return the page of a check."""
    pictures = rows(report.journey, report.parity.judge) if report.journey is not None else []
    values = {"check": report, "record": report.to_dict(), "pictures": pictures, "charts": charts}
    return render(__package__, "check.html.jinja", **values)
