"""`check --html`: one self-contained page, drawn from what `--json` writes and from the pictures.

    record -sections-> HTML with inline SVG (charts)      CheckReport.journey -pictures-> data URIs

There is no script on it, and nothing is fetched: it can be mailed, and opened in ten years. The
record itself is in it as well, as JSON in `<script id="record" type="application/json">`.
"""

from __future__ import annotations

from .write import page, write_page

__all__ = ["page", "write_page"]
