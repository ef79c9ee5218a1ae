"""`check --html`: one self-contained page of a CheckReport, with charts and pictures.

    CheckReport -charts-> Drawings     CheckReport.journey -pictures-> data URIs
    both -templates/check.html.jinja, on the base of keras2cv_export.pages-> one file

There is no script on it, and nothing is fetched: it can be mailed, and opened in ten years. The
record that `--json` writes is in it as well, as JSON in `<script id="record">`.
"""

from __future__ import annotations

from .write import page, write_page

__all__ = ["page", "write_page"]
